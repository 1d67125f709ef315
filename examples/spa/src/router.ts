// Paths below the base that Vite built for: "/" or, say, "/spa/".
const base = import.meta.env.BASE_URL.replace(/\/$/, "");

/** The address of a path of this app. */
export const address = (path: string): string => `${base}${path}`;

/** A page: its title, and what is in it. */
export interface View {
  title: string;
  content: Node[];
}

const markHere = (): void => {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("header a[data-route]")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};

/** Shows `view(path)` now, on every followed `a[data-route]`, and on back and forward. */
export const route = (main: HTMLElement, view: (path: string) => View): void => {
  const show = (): void => {
    const { title, content } = view(location.pathname.slice(base.length) || "/");
    document.title = title;
    main.replaceChildren(...content);
    markHere();
  };

  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-route]")) {
    link.href = address(link.getAttribute("href") ?? "/");
  }

  document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-route]");
    if (!plain || !link || event.defaultPrevented) return;
    event.preventDefault();
    if (link.href !== location.href) history.pushState(null, "", link.href);
    show();
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  });
  addEventListener("popstate", show);
  show();
};
