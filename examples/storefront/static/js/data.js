/** Data the page was built with. */
export const data = (id) => JSON.parse(document.getElementById(id).textContent);
