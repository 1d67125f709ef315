// Drives the page's module through the corpus, as src/page.rs drives the engine natively.

const FIELD = "\x1f";

/**
 * Everything that the engine does, as JSON.
 *
 * @param {object} corpus
 * @param {new (now: number, settings: Uint8Array) => object} Sdk
 * @param {Uint8Array} plan the compiled plan
 */
export const trace = (corpus, Sdk, plan) => {
  const encoder = new TextEncoder();
  const sdk = new Sdk(corpus.began, encoder.encode(corpus.settings));
  let record = "";
  let sent;

  const handle = (now, text) => sdk.handle(now, encoder.encode(text));

  /** Carries out what the engine asks for; true if it wants the tabs' record. */
  const poll = (effects) => {
    let wantsRecord = false;
    for (let effect; (effect = sdk.poll()) !== undefined; ) {
      const text = effect.slice(1);
      if (effect[0] === "o") wantsRecord = true;
      if (effect[0] === "r") record = text;
      if (effect[0] === "a") record = record.split(" ").map((word, at) => (at === 2 ? text : word)).join(" ");
      if (effect[0] === "f") sent = text;
      effects.push(effect);
    }
    return wantsRecord;
  };

  const steps = corpus.steps.map(({ now, text = "", plan: arrives, answer }) => {
    if (arrives) {
      sdk.plan(now, plan);
    } else if (!answer) {
      handle(now, text);
    } else if (sent !== undefined) {
      const { items } = JSON.parse(sent);
      sent = undefined;
      handle(now, ["answered", "", ...items.flatMap(({ id }) => ["settled", id])].join(FIELD));
    }
    const effects = [];
    while (poll(effects)) handle(now, ["record", record].join(FIELD));
    return { effects, wakeup: sdk.wakeup() };
  });
  const hex = Array.from(plan, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return JSON.stringify({ plan: hex, steps });
};
