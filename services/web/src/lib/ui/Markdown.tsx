import { Suspense, lazy } from "react";
import { Loading } from "./kit";

const Renderer = lazy(() => import("./MarkdownRenderer"));

/** A lab's guide or the consent text. No raw HTML passes; links and pictures only from safe addresses. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<Loading />}>
      <div className="prose" dir="auto">
        <Renderer text={text} />
      </div>
    </Suspense>
  );
}
