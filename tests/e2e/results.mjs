// What became of each test, a line of JSON for each: what `rounds.mjs` counts.

/** The first lines, in which an assertion says what it found. */
const brief = (text) => String(text).split("\n").filter(Boolean).slice(0, 12).join(" ");

export default async function* results(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const { name, skip, details } = data;
    const problem = details.error && brief(details.error.cause?.message ?? details.error.message);
    yield `${JSON.stringify({ name, passed: type === "test:pass", skipped: skip, problem, ms: details.duration_ms })}\n`;
  }
}
