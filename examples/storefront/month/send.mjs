// Sends a made-up month to a Worker through the doors that everybody uses: beacons as pages send
// them, and the shop's own reports with its token.

const AGENTS = {
  desktop: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  mobile:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
  tablet: "Mozilla/5.0 (Linux; Android 16; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
};

/** Events of one request. */
const BATCH = 500;

/** Beacons under way at once. */
const ABREAST = 16;

/**
 * @param {object} door
 * @param {(path: string, init: object) => Promise<Response>} door.fetch asks the Worker; `init.cf`
 *   says where a request comes from
 * @param {string} door.token may send events and costs
 * @param {string} door.site
 * @param {ReturnType<import("./shoppers.mjs").month>} story
 * @param {(text: string) => void} [say]
 */
export async function sendMonth({ fetch, token, site }, story, say = () => {}) {
  await abreast(story.visits, async (visit, at) => {
    await sendVisit(fetch, site, visit);
    if (at % 500 === 499) say(`${at + 1} of ${story.visits.length} visits`);
  });
  const api = async (method, path, body) => {
    const response = await fetch(`/api/v1/sites/${site}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  for (let from = 0; from < story.events.length; from += BATCH) {
    const events = story.events.slice(from, from + BATCH);
    const { results } = await api("POST", "events", { events });
    const bad = results.find((it) => !["stored", "duplicate"].includes(it.result));
    if (bad) throw new Error(`an event of the month was not stored: ${JSON.stringify(bad)}`);
  }
  say(`${story.events.length} events of the shop's own systems`);
  const day = (time) => new Date(time + 9 * 3_600_000).toISOString().slice(0, 10);
  await api("PUT", "costs", {
    currency: "JPY",
    costs: story.costs.map(({ time, ...cost }) => ({ day: day(time), ...cost })),
  });
  say(`${story.costs.length} days of costs`);
}

async function sendVisit(fetch, site, visit) {
  const { items, visitor } = visit;
  const header = { v: 1, site, sdk: "0.1.0", form: "raw", plan: "", sent: Date.now(), page: items.at(-1).page, visitor };
  const response = await fetch("/_g/c", {
    method: "POST",
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      origin: "https://shop.example",
      "user-agent": AGENTS[visit.device],
    },
    body: JSON.stringify({ ...header, items }),
    cf: { country: visit.country },
  });
  if (!response.ok) throw new Error(`a visit was not taken: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function abreast(list, work) {
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const at = next;
      next += 1;
      await work(list[at], at);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
}
