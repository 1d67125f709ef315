// What each part says of itself, the same from either module system.
const { readFileSync } = require("node:fs");

exports.told = async (goalpost) => {
  const [planFile, edge, key] = process.argv.slice(2);
  const plan = readFileSync(planFile, "utf8");
  goalpost.init({ site: "shop" });
  goalpost.track("x");
  const app = { config: { globalProperties: {} } };
  goalpost.goalpostPlugin.install(app, { site: "shop" });
  goalpost.clientInit({ site: "shop" })();
  const seen = { kind: "event", name: "demo_requested", path: "/" };
  const { why } = goalpost.explain(plan, seen).find(({ definition }) => definition === "demo-request");
  const parts = { afterFiles: [{ source: "/a", destination: "/b" }] };
  const next = { basePath: "/shop", rewrites: async () => parts };
  const rewrites = await goalpost.withGoalpost(next, { edge: "https://edge.example/" }).rewrites();
  const server = goalpost.connect({ edge, site: "shop", key });
  const [result] = await server.events.send([{ event: "told", id: "told-1", time: 1_790_000_000_000 }]);
  console.log(
    JSON.stringify({
      why,
      typed: goalpost.typesOf(plan).includes('"size-found"'),
      component: goalpost.Goalpost.name,
      property: Object.keys(app.config.globalProperties),
      rewrites,
      token: (await server.signOrder({ order: "A1", amount: "129", currency: "USD", expires: 1 })).split(".").length,
      result: result.result,
    }),
  );
};
