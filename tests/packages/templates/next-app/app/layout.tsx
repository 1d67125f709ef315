import { Goalpost } from "goalpost/next";
import type { ReactNode } from "react";

// A server component: what it shows of Goalpost begins in the browser.
export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Goalpost site="cloud-kicks" consent="granted" />
        {children}
      </body>
    </html>
  );
}
