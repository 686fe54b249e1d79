/**
 * dist/bench.html in Firefox: prints what the page offers as JSON.
 * Not a test of CI, as CI has Chromium alone. After ./build_wasm.sh:
 *
 *     node tests/web/firefox-bench.mjs [SECONDS] [FIREFOX]
 */

import { inFirefox } from './firefox.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const FIREFOX = process.argv[3] ?? 'firefox-esr';

await inFirefox(FIREFOX, 'bench.html', async (evaluate) => {
  const result = await evaluate(`(async () => {
    document.getElementById('seconds').value = ${SECONDS};
    document.querySelector('#bench button').click();
    const download = document.getElementById('download');
    const problem = document.getElementById('problem');
    while (!download.hasAttribute('href') && problem.hidden) await new Promise((r) => setTimeout(r, 200));
    return problem.hidden ? (await fetch(download.href)).text() : problem.textContent;
  })()`);
  console.log(result);
});
