/** The one door to the API: cookies, CSRF, problem+json, and a login in place when the session has run out (or consent, when it has changed). */

export interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: { loc?: (string | number)[]; field?: string; message?: string; msg?: string }[];
}

export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly problem: ProblemBody,
    /** Seconds after which the server says that it is worth another try; 0 where it says nothing. */
    readonly retryAfter = 0,
  ) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
  }
  get code(): string {
    return this.problem.code ?? "";
  }
}

/** The request did not reach the server: no network, server down, or aborted by a proxy. */
export class OfflineError extends Error {
  override name = "OfflineError";
}

export interface RequestOptions {
  body?: unknown;
  query?: Record<string, string | number | boolean | null | undefined>;
  signal?: AbortSignal;
  /** Do not ask for a login on 401: for requests that only look. */
  quiet?: boolean;
}

const BASE = "/api/v1";
let csrf = "";
/** What the server asks of the person before it does what was asked of it. */
export type Missing = "login" | "consent";
let supply: ((missing: Missing) => Promise<boolean>) | null = null;
let asking: Promise<boolean> | null = null;

export function setCsrf(token: string): void {
  csrf = token;
}

export function hasCsrf(): boolean {
  return csrf !== "";
}

let findToken: (() => Promise<string>) | null = null;

/** Where the token comes from in a page that began without a line, and knows who is here but has none yet. */
export function onMissingCsrf(find: (() => Promise<string>) | null): void {
  findToken = find;
}

async function ensureCsrf(): Promise<void> {
  if (csrf || !findToken) return;
  try {
    csrf = await findToken();
  } catch (error) {
    // The session has run out meanwhile: the request itself finds that out, and asks for a login.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** What to do where a login or the current consent is missing: resolves to true when it is given, and the request is sent once more. */
export function onMissing(ask: ((missing: Missing) => Promise<boolean>) | null): void {
  supply = ask;
}

export function url(path: string, query?: RequestOptions["query"]): string {
  const full = path.startsWith("/api/") ? path : BASE + path;
  const params = new URLSearchParams();
  for (const [k, v] of Object.entries(query ?? {})) if (v !== undefined && v !== null && v !== "") params.set(k, String(v));
  const text = params.toString();
  return text ? `${full}?${text}` : full;
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  let body: BodyInit | undefined;
  if (options.body instanceof FormData || options.body instanceof Blob) body = options.body;
  else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  try {
    return await fetch(url(path, options.query), { method, headers, body, signal: options.signal, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError("The server cannot be reached.");
  }
}

async function failure(response: Response): Promise<ApiError> {
  let problem: ProblemBody = { status: response.status };
  try {
    if (response.headers.get("content-type")?.includes("json")) problem = (await response.json()) as ProblemBody;
  } catch {
    // A proxy's error page: the status alone must do.
  }
  return new ApiError(response.status, problem, Number(response.headers.get("retry-after")) || 0);
}

async function missingFrom(response: Response): Promise<Missing | null> {
  if (response.status === 401) return "login";
  if (response.status !== 403) return null;
  return (await failure(response.clone())).code === "consent-needed" ? "consent" : null;
}

export async function raw(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  if (method !== "GET") await ensureCsrf();
  let response = await send(method, path, options);
  const missing = options.quiet ? null : await missingFrom(response);
  if (missing && supply) {
    // Many requests may fail at once; one dialog answers for all.
    asking ??= supply(missing).finally(() => (asking = null));
    if (await asking) response = await send(method, path, options);
  }
  if (response.status >= 502 && response.status <= 504) throw new OfflineError("The server is not answering.");
  if (!response.ok) throw await failure(response);
  return response;
}

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await raw(method, path, options);
  if (response.status === 204) return null as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

export const get = <T>(path: string, options?: RequestOptions): Promise<T> => request<T>("GET", path, options);
export const post = <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> => request<T>("POST", path, { ...options, body: body ?? {} });

/** Upload with progress, which fetch does not tell. */
export function upload<T>(path: string, form: FormData, query: RequestOptions["query"], progress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", url(path, query));
    xhr.setRequestHeader("Accept", "application/json");
    if (csrf) xhr.setRequestHeader("X-CSRF-Token", csrf);
    xhr.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    xhr.onerror = () => reject(new OfflineError("The server cannot be reached."));
    xhr.onabort = () => reject(new DOMException("aborted", "AbortError"));
    xhr.onload = () => {
      let body: unknown = null;
      try {
        body = JSON.parse(xhr.responseText);
      } catch {
        // Handled below by the status.
      }
      if (xhr.status >= 200 && xhr.status < 300) resolve(body as T);
      else reject(new ApiError(xhr.status, (body ?? { status: xhr.status })));
    };
    signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(form);
  });
}
