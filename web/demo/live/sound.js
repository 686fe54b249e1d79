/** What all of the live page agrees on. */

export const FFT_SIZE = 4096; // resolves a voice's harmonics; 85 ms
