// The package in each of the stacks that storefronts are made with.

import { after } from "node:test";
import { unpack } from "../project.mjs";
import { app } from "../visits.mjs";

after(unpack);

const typed = { types: "src/goalpost-plan.d.ts" };
app("vite-react", { ...typed, check: ["tsc", "--noEmit"], build: ["npx", "vite", "build", "--mode", "development"], out: "dist", strict: true });
app("webpack", { build: ["node", "build.mjs"], out: "dist" });
app("vite-vue", { ...typed, check: ["vue-tsc", "--noEmit"], build: ["npx", "vite", "build"], out: "dist" });
app("sveltekit", { ...typed, check: ["svelte-kit", "sync"], build: ["npm", "run", "build"], out: "build" });
app("next-app", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
app("next-pages", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
