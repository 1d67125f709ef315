// A page of a test's own, as small as a page can be that is measured.

/** The snippet. */
export const SNIPPET =
  '<script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>';

/** A page with the snippet; `before` runs before it, `body` is what can be seen. */
export const page = (body, before = "") => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A page</title>
<link rel="icon" href="data:,">
<script>${before}</script>
${SNIPPET}
</head>
<body>
${body}
</body>
</html>`;

/** Something to click that leads nowhere. */
export const BUTTON = '<button id="own" type="button">Count</button>';
