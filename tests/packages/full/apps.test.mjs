// The package in each of the stacks that storefronts are made with.

import { after } from "node:test";
import { unpack } from "../project.mjs";
import { app } from "../visits.mjs";

after(unpack);

app("vite-react", { types: "src/goalpost-plan.d.ts", check: ["tsc", "--noEmit"], build: ["npx", "vite", "build"], out: "dist" });
app("webpack", { build: ["node", "build.mjs"], out: "dist" });
app("vite-vue", { types: "src/goalpost-plan.d.ts", check: ["vue-tsc", "--noEmit"], build: ["npx", "vite", "build"], out: "dist" });
app("sveltekit", { types: "src/goalpost-plan.d.ts", check: ["svelte-kit", "sync"], build: ["npm", "run", "build"], out: "build" });
app("next-app", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
app("next-pages", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
