import { Goalpost } from "goalpost/next";
import type { AppProps } from "next/app";

export default function App({ Component, pageProps }: AppProps) {
  return (
    <Goalpost site="cloud-kicks" consent="granted">
      <Component {...pageProps} />
    </Goalpost>
  );
}
