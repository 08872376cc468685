import ReactMarkdown, { type Components } from "react-markdown";
import gfm from "remark-gfm";

/** react-markdown never renders raw HTML and drops addresses that are not http(s), mailto or relative. */
const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ),
  // The page has one h1 of its own: a guide's headings begin one level lower.
  h1: ({ children }) => <h2>{children}</h2>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  img: ({ src, alt }) => <img src={typeof src === "string" ? src : undefined} alt={alt ?? ""} loading="lazy" />,
};

export default function MarkdownRenderer({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={[gfm]} components={components}>
      {text}
    </ReactMarkdown>
  );
}
