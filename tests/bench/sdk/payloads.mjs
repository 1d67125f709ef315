// What each peer's requests carry, as one list: its kind, and what tells it from all others.

import { gunzipSync } from "node:zlib";

/** The body's text; some compress it. */
const textOf = ({ body }) =>
  (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString();
const jsonOf = (request) => JSON.parse(textOf(request));
const list = (value) => (Array.isArray(value) ? value : [value]);

/** Events of a vendor's own names, as kinds that can be counted. */
const KINDS = { cta_click: "click", video_play: "play" };
const event = (name, pages, id, seq) => ({
  kind: KINDS[name] ?? (pages.includes(name) ? "page" : "other"),
  id,
  seq,
});

/** Segment's shape, which two others share. */
const segmentLike = (request) => {
  const told = jsonOf(request);
  return list(told.batch ?? told).map(({ type, event: name, messageId, properties }) =>
    event(type === "page" ? "page" : name, ["page"], messageId, properties?.seq),
  );
};

const plain = { json: {} };

/** By peer: which requests carry events and how they are read, and what all others are answered. */
export const PROTOCOLS = {
  floor: {
    carries: /^\/e$/,
    read: (request) => jsonOf(request).map(({ id, name }) => event(name, ["pageview"], id)),
  },
  goalpost: {
    carries: /^\/_g\/c$/,
    read: (request) =>
      jsonOf(request).items.map(({ id, kind, step, name }) => {
        if (kind === "page" || kind === "click") return { kind, id };
        return kind === "media" && step === "play" ? { kind: "play", id } : event(name, [], id);
      }),
  },
  plausible: {
    carries: /^\/api\/event$/,
    read: (request) =>
      list(jsonOf(request)).map(({ n, p }) => event(n, ["pageview"], undefined, Object(p).seq)),
    answer: () => ({ status: 202, text: "ok" }),
  },
  counterscale: {
    carries: /^\/collect/,
    read: ({ path }) => {
      const [, name, seq] = new URL(path, "https://x").searchParams.get("p").split("/");
      return [KINDS[name] ? event(name, [], undefined, seq) : { kind: "page" }];
    },
    answer: ({ path }) => (path.startsWith("/cache") ? { json: { ht: 1 } } : { text: "" }),
  },
  openpanel: {
    carries: /^\/track/,
    read: (request) =>
      list(jsonOf(request)).map(({ payload }) =>
        event(payload.name, ["screen_view"], undefined, payload.properties?.seq),
      ),
    answer: () => ({ json: { deviceId: "d", sessionId: "s" } }),
  },
  jitsu: { carries: /^\/api\/s\//, read: segmentLike, answer: () => ({ json: { ok: true } }) },
  snowplow: {
    carries: /tp2$/,
    read: (request) =>
      jsonOf(request).data.map(({ e, eid, ue_px: encoded, ue_pr: text }) => {
        if (e === "pv") return { kind: "page", id: eid };
        const { schema = "" } = Object(
          JSON.parse(encoded ? Buffer.from(encoded, "base64url") : (text ?? "{}")).data,
        );
        return {
          kind: /button_click|cta_click/.test(schema)
            ? "click"
            : /play_event/.test(schema)
              ? "play"
              : "other",
          id: eid,
        };
      }),
    answer: () => ({ text: "ok" }),
  },
  segment: {
    carries: /^\/v1\/[tpb]$/,
    read: segmentLike,
    answer: ({ path }) =>
      path.endsWith("/settings")
        ? {
            json: {
              integrations: {
                "Segment.io": {
                  apiKey: "key",
                  addBundledMetadata: true,
                  unbundledIntegrations: [],
                  maybeBundledConfigIds: {},
                  versionSettings: { version: "4.4.7", componentTypes: ["browser"] },
                },
              },
              plan: { track: { __default: { enabled: true, integrations: {} } } },
              edgeFunction: {},
              analyticsNextEnabled: true,
              middlewareSettings: {},
              enabledMiddleware: {},
              metrics: { sampleRate: 0 },
              legacyVideoPluginsEnabled: false,
              remotePlugins: [],
            },
          }
        : { json: { success: true } },
  },
  rudderstack: {
    carries: /^\/v1\/(track|page|batch)$/,
    read: segmentLike,
    answer: ({ path }) =>
      path.startsWith("/sourceConfig")
        ? {
            json: {
              source: {
                id: "source",
                name: "shop",
                writeKey: "key",
                workspaceId: "workspace",
                enabled: true,
                config: {
                  statsCollection: { errors: { enabled: false }, metrics: { enabled: false } },
                },
                connections: [],
                destinations: [],
              },
              updatedAt: "2026-01-01T00:00:00.000Z",
            },
          }
        : { text: "OK" },
  },
  amplitude: {
    carries: /^\/2\/httpapi/,
    read: (request) =>
      jsonOf(request).events.map(({ event_type: name, insert_id: id, event_properties: told }) =>
        event(name, ["[Amplitude] Page Viewed"], id, told?.seq),
      ),
    answer: ({ path, body }) =>
      path.startsWith("/2")
        ? {
            json: {
              code: 200,
              events_ingested: 1,
              payload_size_bytes: body.length,
              server_upload_time: Date.now(),
            },
          }
        : { json: { configs: {} } },
  },
  mixpanel: {
    carries: /^\/track/,
    read: (request) => {
      const data = new URLSearchParams(textOf(request)).get("data");
      const text = /^[[{]/.test(data) ? data : Buffer.from(data, "base64").toString();
      return list(JSON.parse(text)).map(({ event: name, properties }) =>
        event(name, ["$mp_web_page_view"], properties.$insert_id, properties.seq),
      );
    },
    answer: () => ({ json: { status: 1, error: null } }),
  },
  posthog: {
    carries: /^\/(e|i\/v0\/e)\//,
    read: (request) => {
      const text = textOf(request);
      const told = JSON.parse(
        text.startsWith("data=")
          ? Buffer.from(new URLSearchParams(text).get("data"), "base64")
          : text,
      );
      return list(told.batch ?? told).map(({ event: name, uuid, properties }) =>
        event(name, ["$pageview"], uuid ?? properties.$insert_id, properties.seq),
      );
    },
    answer: ({ path }) => {
      const config = {
        supportedCompression: ["gzip", "gzip-js"],
        hasFeatureFlags: false,
        siteApps: [],
      };
      if (path.includes("config.js"))
        return {
          script: `(window._POSTHOG_REMOTE_CONFIG ||= {}).key = ${JSON.stringify({ config, siteApps: [] })};`,
        };
      return { json: path.startsWith("/e") || path.startsWith("/i/") ? { status: "Ok" } : config };
    },
  },
  empty: { carries: /^$/, read: () => [] },
};

/** What a peer's collector says to a request. */
export const answerOf = (peer, request) => (PROTOCOLS[peer].answer ?? (() => plain))(request);
