// Links between a site's hosts: who gets a token, what one is worth, and what it leaves behind.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { PageLoad, browser, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const KEY = "a key of the shop's, 32 bytes ...";
const [shop, pay] = ["shop.example", "pay.example"];
const hosts = [shop, pay, "localhost"];

let worker;
before(async () => {
  worker = await startWorker({
    plan: { ...plan, hosts },
    signingKeys: { shop: [KEY], other: [KEY] },
  });
  await worker.publish({ ...plan, site: "other", hosts });
  await worker.publish({ ...plan, site: "keyless", hosts });
});
after(() => worker.dispose());

const record = ({ visitor = uuid(), session = uuid(), last = Date.now(), pages = 1 } = {}) =>
  `${visitor} ${session} ${last} ${pages}`;

/** What a page of a host asks or tells. */
const send = (from, body, headers = {}) =>
  fetch(`${worker.url}/_g/link`, {
    method: "POST",
    body: JSON.stringify({ site: "shop", ...body }),
    headers: { ...browser, origin: `https://${from}`, ...headers },
  });

/** A token for the way from the shop to where one pays. */
async function token(own = record(), more = {}, headers = {}) {
  const answer = await send(shop, { record: own, host: pay, ...more }, headers);
  assert.equal(answer.status, 200);
  const said = await answer.json();
  assert.match(said.token ?? "", /^[\w-]{111}$/, JSON.stringify(said));
  return said.token;
}

/** What the page where one pays learns of a token. */
async function taken(token, { host = shop, own = "", at = pay, site = "shop" } = {}, headers = {}) {
  const answer = await send(at, { site, record: own, host, token }, headers);
  assert.equal(answer.status, 200);
  const said = await answer.json();
  return { ...said, cookie: answer.headers.get("set-cookie") };
}

/** A token as the edge would have made it, to be held at another time or with another key. */
function made({ expires, key = KEY, site = "shop" }) {
  const said = Buffer.alloc(51);
  said[0] = 1;
  said.writeBigInt64BE(BigInt(expires), 1);
  for (const at of [9, 25]) said.write(uuid().replaceAll("-", ""), at, "hex");
  const message = [Buffer.from(`goalpost link\n${site}\n${shop}\n${pay}\n`), said];
  const code = createHmac("sha256", key).update(Buffer.concat(message)).digest();
  return Buffer.concat([said, code]).toString("base64url");
}

/** How many tokens met that end so far. */
async function counted(outcome, site = "shop") {
  const response = await worker.admin(`${site}/reports/fates`);
  const { links } = await response.json();
  return links.filter((one) => one.outcome === outcome).reduce((sum, { count }) => sum + count, 0);
}

/** A token that proves nothing: nothing comes of it but a count. */
async function nothing(why, detail, found, site) {
  assert.equal(found.record, undefined);
  assert.equal(found.cookie, null);
  assert.match(found.why, detail);
  assert.ok((await counted(why, site)) > 0, why);
}

test("a visit goes on at the other host, with its visitor in the cookie", async () => {
  const own = record();
  const found = await taken(await token(own));
  assert.equal(found.record, own);
  const [visitor] = own.split(" ");
  assert.match(found.cookie, new RegExp(`^gp_visitor=${visitor}; .*HttpOnly; SameSite=Lax`));
  assert.equal(await counted("ok"), 1);
});

test("of two visitors the older one stays, whoever brings it, and the later session goes on", async () => {
  const [oldest, old, young] = [uuid(1_000), uuid(2_000), uuid(3_000)];
  const coming = record({ visitor: young, pages: 7 });
  const own = record({ visitor: old, last: Date.now() - 60_000, pages: 9 });
  const [, session, last] = coming.split(" ");
  const joined = (visitor) => `${visitor} ${session} ${last} 9`;
  assert.equal((await taken(await token(coming), { own })).record, joined(old), "storage");
  const cookie = { cookie: `gp_visitor=${oldest}` };
  const there = await taken(await token(coming), { own }, cookie);
  assert.equal(there.record, joined(oldest), "the cookie of the host that is reached");
  assert.match(there.cookie, new RegExp(oldest));
  const here = await taken(await token(coming, {}, cookie), { own });
  assert.equal(here.record, joined(oldest), "the cookie of the host that is left");
});

test("what is stored afterwards is one visitor's and one session's", async () => {
  const [visitor, session] = [uuid(), uuid()];
  const here = new PageLoad("shop", { visitor, session });
  await post(worker, here.beacon([here.view({ host: shop })]));
  const linked = await taken(await token(record({ visitor, session })));
  const [who, visit] = linked.record.split(" ");
  const there = new PageLoad("shop", { visitor: who, session: visit, seq: 0x20000 });
  await post(worker, there.beacon([there.view({ host: pay })]), { origin: `https://${pay}` });
  await worker.settle();
  const { results } = await worker.db
    .prepare("SELECT count(DISTINCT visitor) AS visitors, count(DISTINCT session) AS sessions, count(*) AS seen FROM observations")
    .all();
  assert.deepEqual(results, [{ visitors: 1, sessions: 1, seen: 2 }]);
  await everythingAddsUp(worker);
});

test("a forged token, or one with any byte flipped, proves nothing", async () => {
  const good = await token();
  const flipped = (at) => {
    const bytes = Buffer.from(good, "base64url");
    bytes[at] ^= 1;
    return bytes.toString("base64url");
  };
  // The version and the ids' own version say that it is no token at all.
  for (const at of [1, 8, 9, 24, 25, 40, 41, 49, 50, 51, 82]) {
    await nothing("signature", /no key of the site/, await taken(flipped(at)));
  }
  await nothing("malformed", /no link token/, await taken(flipped(0)));
  for (const text of ["", "x", "AQ", good.slice(0, -4), `${good}AAAA`, "%00", "é"]) {
    const found = await taken(text);
    assert.equal(found.record, undefined, text);
    assert.equal(found.cookie, null, text);
  }
  assert.ok((await taken(good)).record, "as it was, it holds");
});

test("a token is worth nothing when its two minutes are over, nor with another's key", async () => {
  const soon = Date.now() + 60_000;
  assert.ok((await taken(made({ expires: soon }))).record);
  await nothing("expired", /older than 120 seconds/, await taken(made({ expires: Date.now() - 1 })));
  await nothing("signature", /no key/, await taken(made({ expires: soon, key: "another key, of 32 bytes ......." })));
  // What is forged is not even asked how old it is.
  await nothing("signature", /no key/, await taken(made({ expires: 0, key: "another key, of 32 bytes ......." })));
  const lasts = Buffer.from(await token(), "base64url").readBigInt64BE(1) - BigInt(Date.now());
  assert.ok(lasts > 110_000n && lasts <= 120_000n, `${lasts} ms`);
});

test("a token of another site does nothing, though its key be the same", async () => {
  const theirs = await token(record(), { site: "other" });
  await nothing("signature", /no key of the site/, await taken(theirs));
  assert.ok((await taken(theirs, { site: "other" })).record);
});

test("a token goes one way only", async () => {
  const good = await token();
  await nothing("signature", /no key/, await taken(good, { host: pay, at: shop }));
  await nothing("signature", /no key/, await taken(good, { host: "localhost" }));
  await nothing("elsewhere", /not another one/, await taken(good, { host: "mail.example" }), "shop");
  await nothing("elsewhere", /not another one/, await taken(good, { host: "" }), "shop");
  await nothing("elsewhere", /not another one/, await taken(good, { host: pay }), "shop");
});

test("pages of other hosts get no token, take none, and none leads to them", async () => {
  const good = await token();
  await problem(await send("evil.example", { record: record(), host: pay }), 403, "foreign-host");
  await problem(await send("evil.example", { record: "", host: shop, token: good }), 403, "foreign-host");
  await problem(await send(shop, { record: record(), host: "evil.example" }), 400, "bad-parameter");
  await problem(await send(shop, { record: record(), host: shop }), 400, "bad-parameter");
});

test("nobody is linked who has no record, who refuses, or who is no person", async () => {
  for (const own of ["", "-", "x"]) {
    await problem(await send(shop, { record: own, host: pay }), 400, "bad-parameter");
  }
  const good = await token();
  for (const headers of [{ "sec-gpc": "1" }, { dnt: "1" }, { "user-agent": "a crawler/bot;" }]) {
    const asked = await send(shop, { record: record(), host: pay }, headers);
    assert.deepEqual(await asked.json(), {});
    const found = await taken(good, {}, headers);
    assert.deepEqual(found, { cookie: null });
  }
});

test("a site without a signing key says so, and links nobody", async () => {
  const answer = await send(shop, { site: "keyless", record: record(), host: pay });
  const said = await answer.json();
  assert.equal(said.token, undefined);
  assert.match(said.why, /SIGNING_KEYS/);
  await nothing("signature", /no key/, await taken(await token(), { site: "keyless" }), "keyless");
});

test("what is no question is named", async () => {
  for (const body of ["", "{", "[]", '{"site":"shop"}', '{"site":"shop","host":7}']) {
    const answer = await fetch(`${worker.url}/_g/link`, { method: "POST", body, headers: browser });
    const found = await problem(answer, 400, "bad-parameter");
    assert.match(found.detail, /JSON of site, record, host/);
  }
  const large = JSON.stringify({ site: "shop", host: pay, record: "x".repeat(2_048) });
  const answer = await fetch(`${worker.url}/_g/link`, { method: "POST", body: large, headers: browser });
  await problem(answer, 413, "too-large");
  await problem(await send(shop, { site: "nobody", record: "", host: pay }), 404, "unknown-site");
});
