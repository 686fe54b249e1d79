/** What tests of the page's parts need of a browser. */

/** An audio node: it knows where its sound goes. */
export class FakeNode {
  targets = new Set();

  connect(target) {
    this.targets.add(target);
    return target;
  }

  /** @param {FakeNode} [target] by default all */
  disconnect(target) {
    if (target) this.targets.delete(target);
    else this.targets.clear();
  }
}

/**
 * For one test.
 *
 * @param {import('node:test').TestContext} t
 * @param {Record<string, unknown>} globals by name
 */
export function provide(t, globals) {
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, name, before);
      else delete globalThis[name];
    });
  }
}
