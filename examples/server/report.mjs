// Reports events to Goalpost, and tries again until they are there.

import { signature } from "./sign.mjs";

/** Milliseconds between tries. */
const PAUSES = [1_000, 5_000, 30_000];

/**
 * Sends events, and returns what became of each. Without an answer it sends the same text again:
 * an event that was stored is found to be there, and counts once.
 *
 * @param {{ url: string, site: string, key: string, pauses?: number[] }} goalpost
 * @param {object[]} events each with an `id` and a `time` of its own
 */
export async function report({ url, site, key, pauses = PAUSES }, events) {
  const body = JSON.stringify({ events });
  for (let tries = 0; ; tries += 1) {
    const answer = await send(`${url}/api/v1/sites/${site}/events`, body, key);
    if (answer.results) return answer.results;
    if (!answer.again || tries === pauses.length) throw new Error(answer.problem);
    await new Promise((resolve) => setTimeout(resolve, pauses[tries]));
  }
}

async function send(address, body, key) {
  // Each try is signed anew: a signature holds for five minutes.
  const headers = { "content-type": "application/json", "goalpost-signature": signature(body, key) };
  try {
    const response = await fetch(address, { method: "POST", headers, body });
    const answer = await response.json();
    if (response.ok) return answer;
    return { again: response.status >= 500, problem: answer.detail };
  } catch (problem) {
    return { again: true, problem: `no answer: ${problem.message}` };
  }
}
