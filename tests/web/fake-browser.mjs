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

/** An element of the page, and whatever is in it but canvases. */
export class FakeElement extends EventTarget {
  classList = new Set();
  dataset = {};
  style = { setProperty() {} };
  #attributes = new Map();
  #inside = new Map();

  querySelector(selector) {
    if (!this.#inside.has(selector)) this.#inside.set(selector, new FakeElement());
    return this.#inside.get(selector);
  }

  querySelectorAll() {
    return [];
  }

  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  setAttribute(name, value) {
    this.#attributes.set(name, value);
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
