import { copyFileSync } from "node:fs";
import webpack from "webpack";

const compiler = webpack({
  mode: "production",
  entry: "./main.js",
  output: { path: `${import.meta.dirname}/dist`, filename: "main.js", publicPath: "/app/" },
});

compiler.run((problem, stats) => {
  if (problem || stats.hasErrors() || stats.hasWarnings()) {
    console.error(problem ?? stats.toString());
    process.exitCode = 1;
  } else {
    copyFileSync("index.html", "dist/index.html");
  }
});
