/* A file sent part by part: asked for again, the server says how much it has, and the rest follows, after a cut, a reload or
   in another tab. A file that this device could not keep is chosen again: same name, size and beginning, it goes on too. */

const BEGINNING = 1024 * 1024;

/* Gives the server's answer: the acknowledgement of the whole file, or why it is refused. Throws when the network is cut.
   `finish` is given the last request to make, with what goes beside the file at that moment. */
export async function send({ file, key, event, ...beside }, { ask, url, onProgress, finish = (post) => post(beside) }) {
  const beginning = await digest(file.slice(0, BEGINNING));
  const begun = await ask(url, json({ question: key, name: file.name, size: file.size, beginning, event }));
  if (!begun.ok) return begun;
  const upload = await begun.json();
  const refusal = await sendParts(file, upload, ask, onProgress);
  if (refusal) return refusal;
  const sha256 = await digest(file);
  return finish((fields) => ask(upload.end, json({ event, sha256, ...fields }), 120));
}

async function sendParts(file, { url, offset, least, most }, ask, onProgress) {
  let size = least;
  let surprises = 0;
  while (offset < file.size) {
    onProgress(offset, file.size);
    const since = performance.now();
    const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) };
    const response = await ask(url, { method: "PATCH", headers, body: file.slice(offset, offset + size) }, 120);
    if (!response.ok && response.status !== 409) return response;
    if (response.status === 409 && ++surprises > 20) return response;
    ({ offset } = await response.json());
    const seconds = (performance.now() - since) / 1000;
    if (seconds < 1) size = Math.min(most, size * 2);
    if (seconds > 4) size = least;
  }
  onProgress(file.size, file.size);
  return null;
}

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/* Nothing where the browser computes none: the server then compares sizes alone. */
async function digest(blob) {
  if (!crypto.subtle) return "";
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
