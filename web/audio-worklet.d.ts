/** The audio thread's globals, which TypeScript's DOM library leaves out. */

declare module '*/pyodide.asm.js';

declare module '*/pyodide.mjs' {
  export const loadPyodide: typeof import('pyodide').loadPyodide;
}

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(
  name: string,
  processor: new (options: any) => AudioWorkletProcessor,
): void;

declare const AudioWorkletGlobalScope: unknown;

declare const currentFrame: number;
