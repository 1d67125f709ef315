// People whom Cloudflare Access lets through: what their token must prove, and what they may do.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { plan } from "../harness/beacon.mjs";
import { problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const TEAM = "acme.cloudflareaccess.com";
const AUDIENCE = "f8c1d3f0".repeat(8);
const PERSON = "7335d417-61da-459d-899c-0a01c76a2f94";

const pair = (kid) => ({ kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) });
const base64url = (value) => Buffer.from(value).toString("base64url");

/** The address of the team, as a server of this machine that knows some keys. */
async function certificates() {
  const served = { keys: [], asked: 0, fails: false, leadsTo: undefined };
  const server = createServer((request, response) => {
    served.asked += 1;
    const location = served.leadsTo;
    served.leadsTo = undefined;
    if (location) return response.writeHead(302, { location }).end();
    if (served.fails || request.url !== "/cdn-cgi/access/certs") return response.writeHead(500).end();
    const keys = served.keys.map(({ kid, publicKey }) => {
      const { n, e } = publicKey.export({ format: "jwk" });
      return { kid, kty: "RSA", alg: "RS256", use: "sig", n, e };
    });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const own = `http://127.0.0.1:${server.address().port}`;
  const asked = [];
  /** Where the Worker's requests to the internet go. */
  const outbound = (request) => {
    const { host, pathname } = new URL(request.url);
    asked.push(host);
    return host === TEAM ? fetch(own + pathname, { redirect: "manual" }) : new Response(null, { status: 502 });
  };
  return { served, outbound, asked, close: () => server.close() };
}

function claims(changed = {}) {
  const now = Math.floor(Date.now() / 1000);
  const own = { iss: `https://${TEAM}`, aud: [AUDIENCE], iat: now, nbf: now, exp: now + 600 };
  return { ...own, sub: PERSON, email: "aoi@shop.example", type: "app", ...changed };
}

function token(key, body = claims(), head = {}) {
  const parts = [{ alg: "RS256", kid: key.kid, typ: "JWT", ...head }, body].map((part) =>
    base64url(JSON.stringify(part)),
  );
  const signed = parts.join(".");
  return `${signed}.${base64url(sign("sha256", Buffer.from(signed), key.privateKey))}`;
}

describe("through Access", () => {
  const [first, second] = [pair("k1"), pair("k2")];
  let worker;
  let team;
  const start = (scopes) =>
    startWorker({
      plan,
      change: (options) => {
        options.outboundService = team.outbound;
        Object.assign(options.bindings, { ACCESS_TEAM: TEAM, ACCESS_AUD: `other ${AUDIENCE}` });
        if (scopes) options.bindings.ACCESS_SCOPES = scopes;
      },
    });
  before(async () => {
    team = await certificates();
    team.served.keys = [first];
    worker = await start("read publish tokens privacy");
  });
  after(async () => {
    await worker?.dispose();
    team?.close();
  });

  const ask = (assertion, path = "shop/plans", init = {}, own = worker) =>
    fetch(`${own.url}/api/v1/sites/${path}`, {
      ...init,
      headers: { "cf-access-jwt-assertion": assertion, ...init.headers },
    });
  const refused = async (assertion, detail) => {
    const found = await problem(await ask(assertion), 401, "unauthorized");
    assert.match(found.detail, detail);
  };

  test("who shows what the team's key has signed is let in, and the keys are fetched once", async () => {
    for (let time = 0; time < 5; time += 1) assert.equal((await ask(token(first))).status, 200);
    assert.equal((await ask(token(first, claims({ aud: AUDIENCE })))).status, 200);
    assert.equal(team.served.asked, 1);
    assert.deepEqual([...new Set(team.asked)], [TEAM], "it asks nobody else");
  });

  test("a token that is over, too early, or for somebody else lets nobody in", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [changed, detail] of [
      [{ exp: now - 31 }, /exp is over/],
      [{ nbf: now + 60 }, /nbf is still to come/],
      [{ aud: ["another"] }, /aud is none of ACCESS_AUD/],
      [{ aud: [] }, /aud is none of ACCESS_AUD/],
      [{ iss: "https://evil.cloudflareaccess.com" }, /iss is not the team/],
      [{ iss: undefined }, /no JSON Web Token of Access/],
      [{ exp: undefined }, /no JSON Web Token of Access/],
    ]) {
      await refused(token(first, claims(changed)), detail);
    }
    assert.equal((await ask(token(first, claims({ exp: now - 10 })))).status, 200, "clocks differ");
  });

  test("a token without the algorithm lets nobody in: none, the public key as a secret, another one", async () => {
    const parts = (head) => [head, claims()].map((part) => base64url(JSON.stringify(part))).join(".");
    const none = parts({ alg: "none", kid: "k1" });
    await refused(`${none}.`, /alg is not RS256/);
    const pem = first.publicKey.export({ type: "spki", format: "pem" });
    const { n } = first.publicKey.export({ format: "jwk" });
    for (const secret of [pem, n]) {
      const signed = parts({ alg: "HS256", kid: "k1" });
      const mac = createHmac("sha256", secret).update(signed).digest("base64url");
      await refused(`${signed}.${mac}`, /alg is not RS256/);
      // Under the right name of the algorithm it is no signature.
      const named = parts({ alg: "RS256", kid: "k1" });
      const named_mac = createHmac("sha256", secret).update(named).digest("base64url");
      await refused(`${named}.${named_mac}`, /signature/);
    }
    await refused(token(first, claims(), { alg: "RS512" }), /alg is not RS256/);
  });

  test("a byte of a token that is another one lets nobody in", async () => {
    const good = token(first);
    const [head, body, signature] = good.split(".");
    const flip = (text, at) => {
      const bytes = Buffer.from(text, "base64url");
      bytes[at] ^= 1;
      return bytes.toString("base64url");
    };
    const longer = base64url(JSON.stringify(claims({ exp: claims().exp + 1 })));
    for (const bad of [
      `${head}.${longer}.${signature}`,
      `${head}.${body}.${flip(signature, 0)}`,
      `${head}.${body}.${flip(signature, 255)}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      "x",
      `${good}.${signature}`,
    ]) {
      const response = await ask(bad);
      await problem(response, 401, "unauthorized");
    }
    assert.equal((await ask(good)).status, 200);
    await refused(token({ ...second, kid: "k1" }), /signature/);
  });

  test("who comes through does what the scopes say, at every site, and a token still decides where there is one", async () => {
    const headers = { "content-type": "application/json" };
    const costs = await ask(token(first), "shop/costs", { method: "PUT", headers, body: "[]" });
    await problem(costs, 403, "missing-scope");
    const found = await ask(token(first), "shop/plans", { headers: { authorization: "Bearer wrong" } });
    await problem(found, 401, "unauthorized");
    const own = await ask(token(first), "shop/plans", {
      headers: { authorization: `Bearer ${worker.token}`, "cf-access-jwt-assertion": "x" },
    });
    assert.equal(own.status, 200);
  });

  test("what another site's page can send changes nothing", async () => {
    const send = (headers) =>
      ask(token(first), "shop/tokens", {
        method: "POST",
        body: JSON.stringify({ name: "Sent", scopes: ["read"] }),
        headers,
      });
    for (const headers of [
      { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" },
      { "content-type": "text/plain", "sec-fetch-site": "cross-site" },
      { "content-type": "text/plain" },
      { "content-type": "application/json", "sec-fetch-site": "cross-site" },
      { "content-type": "application/json", "sec-fetch-site": "same-site" },
    ]) {
      await problem(await send(headers), 403, "cross-site");
    }
    const preflight = await fetch(`${worker.url}/api/v1/sites/shop/tokens`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    assert.equal(preflight.headers.get("access-control-allow-origin"), null);
    const { tokens } = await (await ask(token(first), "shop/tokens")).json();
    assert.deepEqual(tokens, [], "nothing was made");
    const made = await send({ "content-type": "application/json", "sec-fetch-site": "same-origin" });
    assert.equal(made.status, 200);
  });

  test("the log tells a person by their id at Access, and has no address of them", async () => {
    const service = { sub: "", common_name: "e367826f93b8.access" };
    const publish = (assertion, points) =>
      ask(assertion, "shop/plan", {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...plan, goals: [{ id: "seen", points, when: { event: "seen" } }] }),
      });
    assert.equal((await publish(token(first), 1)).status, 200);
    assert.equal((await publish(token(first, claims(service)), 2)).status, 200);
    assert.equal((await publish(token(first, claims({ sub: "aoi@shop.example" })), 3)).status, 200);
    const { acts } = await (await ask(token(first), "shop/audit")).json();
    const who = acts.filter(({ act }) => act === "publish").map((act) => act.token);
    assert.match(who[0], /^access:[0-9a-f]{32}$/);
    assert.deepEqual(who.slice(1, 3), ["access:e367826f93b8.access", `access:${PERSON}`]);
    const { results } = await worker.db.prepare("SELECT * FROM audit").all();
    assert.ok(!JSON.stringify(results).includes("shop.example"));
  });

  test("a key that is new is fetched, and one that is gone lets nobody in", async () => {
    const before = team.served.asked;
    team.served.keys = [second];
    assert.equal((await ask(token(second))).status, 200);
    assert.equal(team.served.asked, before + 1);
    await refused(token(first), /kid names none of the team's keys/);
    assert.equal((await ask(token(second))).status, 200);
  });

  test("keys that nobody has are asked for a few times, and then no more", async () => {
    const before = team.served.asked;
    const asked = Array.from({ length: 60 }, (_, n) => ask(token({ ...second, kid: `made-up-${n}` })));
    for (const response of await Promise.all(asked)) assert.equal(response.status, 401);
    assert.ok(team.served.asked - before <= 10, `${team.served.asked - before} times`);
    assert.equal((await ask(token(second))).status, 200);
  });
});

test("a person who comes through Access may read, where nothing else is said; keys that do not come are no answer", async () => {
  const key = pair("k1");
  const team = await certificates();
  team.served.fails = true;
  const worker = await startWorker({
    plan,
    change: (options) => {
      options.outboundService = team.outbound;
      Object.assign(options.bindings, { ACCESS_TEAM: TEAM, ACCESS_AUD: AUDIENCE });
    },
  });
  const ask = (path, init = {}) =>
    fetch(`${worker.url}/api/v1/sites/shop/${path}`, {
      ...init,
      headers: { "cf-access-jwt-assertion": token(key), ...init.headers },
    });
  try {
    const found = await problem(await ask("plans"), 503, "unavailable");
    assert.match(found.detail, /keys of ACCESS_TEAM do not come/);
    team.served.fails = false;
    team.served.keys = [key];
    assert.equal((await ask("plans")).status, 200);
    const headers = { "content-type": "application/json" };
    const put = await ask("plan", { method: "PUT", headers, body: JSON.stringify(plan) });
    await problem(put, 403, "missing-scope");
    team.served.fails = true;
    assert.equal((await ask("plans")).status, 200, "what is known is gone by");
  } finally {
    await worker.dispose();
    team.close();
  }
});

test("where the team's address leads elsewhere, nobody follows, and nobody is let in", async () => {
  const key = pair("k1");
  const team = await certificates();
  team.served.keys = [key];
  const worker = await startWorker({
    plan,
    change: (options) => {
      options.outboundService = team.outbound;
      Object.assign(options.bindings, { ACCESS_TEAM: TEAM, ACCESS_AUD: AUDIENCE });
    },
  });
  const ask = () =>
    fetch(`${worker.url}/api/v1/sites/shop/plans`, { headers: { "cf-access-jwt-assertion": token(key) } });
  try {
    // Were it followed, the second of these would give the keys.
    for (const address of ["https://evil.example/cdn-cgi/access/certs", `https://${TEAM}/cdn-cgi/access/certs?again`]) {
      team.served.leadsTo = address;
      await problem(await ask(), 503, "unavailable");
    }
    assert.deepEqual([...new Set(team.asked)], [TEAM], "it asks nobody else");
    assert.equal(team.asked.length, team.served.asked);
    assert.equal((await ask()).status, 200);
  } finally {
    await worker.dispose();
    team.close();
  }
});

test("where Access is not set, its header is nothing; set in part, health says so", async () => {
  const worker = await startWorker({ plan });
  try {
    const headers = { "cf-access-jwt-assertion": token(pair("k1")) };
    const found = await fetch(`${worker.url}/api/v1/sites/shop/plans`, { headers });
    assert.match((await problem(found, 401, "unauthorized")).detail, /Authorization: is missing/);
  } finally {
    await worker.dispose();
  }
  const half = await startWorker({
    plan,
    change: (options) => {
      options.bindings.ACCESS_TEAM = TEAM;
    },
  });
  try {
    const { checks } = await (await fetch(`${half.url}/health`)).json();
    const access = checks.find(({ name }) => name === "ACCESS");
    assert.equal(access.ok, false);
    assert.match(access.detail, /ACCESS_AUD/);
  } finally {
    await half.dispose();
  }
});
