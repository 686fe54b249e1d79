/** Files of the site, and in words that one cannot be had. */

/**
 * @param {string | URL} url
 * @returns {Promise<Response>} whole and as wanted
 * @throws {Error} that it cannot be loaded
 */
export async function fetchFile(url) {
  const response = await fetch(url).catch((cause) => {
    throw new Error(`${url} cannot be loaded (no connection)`, { cause });
  });
  requireOk(response);
  return response;
}

/**
 * @param {Response} response
 * @throws {Error} that it says so
 */
export function requireOk({ ok, url, status }) {
  if (!ok) throw new Error(`${url} cannot be loaded (HTTP ${status})`);
}
