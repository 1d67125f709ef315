// What became of each test, a line of JSON for each: what `rounds.mjs` counts.

const firstLine = (text) => String(text).split("\n")[0];

export default async function* results(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const { name, skip, details } = data;
    const problem = details.error && firstLine(details.error.cause?.message ?? details.error.message);
    yield `${JSON.stringify({ name, passed: type === "test:pass", skipped: skip, problem, ms: details.duration_ms })}\n`;
  }
}
