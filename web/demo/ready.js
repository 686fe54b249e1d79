/** Loaded after the page's own script: until that listens, nothing on the page can be pressed. */

const main = /** @type {HTMLElement} */ (document.querySelector('main'));
main.inert = false;
