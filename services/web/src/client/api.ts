import { get, post, raw, request, upload, url } from "./http";
import type * as T from "./types";

type Cursor = { cursor?: string | null; limit?: number };

export const api = {
  consent: () => get<T.Consent>("/consent"),
  me: () => get<T.Me>("/auth/me", { quiet: true }),
  guest: (consent_version: string, display_name?: string) => post<T.Me>("/auth/guest", { consent_version, display_name }, { quiet: true }),
  register: (body: { email: string; password: string; display_name: string; consent_version: string }) => post<T.Me>("/auth/register", body, { quiet: true }),
  login: (email: string, password: string) => post<T.Me>("/auth/login", { email, password }, { quiet: true }),
  logout: () => post<null>("/auth/logout", {}, { quiet: true }),
  changeMe: (body: { display_name?: string; leaderboard?: boolean }) => request<T.Me>("PATCH", "/auth/me", { body }),
  changePassword: (current: string, next: string) => post<T.Me>("/auth/password", { current, new: next }),
  erase: (password?: string) => request<{ erased: boolean; kept: string }>("DELETE", "/auth/me", { body: password ? { password } : {}, quiet: true }),
  agree: (version: string) => post<T.Me>("/auth/consent", { version }),

  projects: (page: Cursor = {}) => get<T.Page<T.Project>>("/projects", { query: { limit: 100, ...page }, quiet: true }),
  project: (p: string) => get<T.Project>(`/projects/${p}`),
  createProject: (body: Partial<T.ProjectSettings> & { name: string; labels: T.NewLabel[] }) => post<T.Project>("/projects", body),
  patchProject: (p: string, body: Partial<T.ProjectSettings> & { status?: T.Project["status"] }) => request<T.Project>("PATCH", `/projects/${p}`, { body }),
  archiveProject: (p: string) => request<null>("DELETE", `/projects/${p}`),

  next: (p: string, ahead = 0) => post<T.Assignment | null>(`/projects/${p}/next`, {}, { query: { ahead } }),
  renew: (l: string) => post<T.Lease>(`/leases/${l}/renew`),
  skip: (l: string, reason?: string) => post<null>(`/leases/${l}/skip`, { reason }),
  giveBack: (l: string) => request<null>("DELETE", `/leases/${l}`, { quiet: true }),
  saveDraft: (l: string, masks: T.LabelMask[]) => request<T.Draft>("PUT", `/leases/${l}/draft`, { body: { masks }, quiet: true }),
  submit: (l: string, body: T.SubmissionBody) => post<T.SubmissionResult>(`/leases/${l}/submissions`, body),
  stats: (project_id?: string) => get<T.MyStats>("/me/stats", { query: { project_id } }),

  work: (page: Cursor & { project_id?: string } = {}) => get<T.Page<T.Work>>("/me/work", { query: { ...page } }),
  workOne: (s: string) => get<T.WorkDetail>(`/me/work/${s}`),
  myNotes: (page: Cursor = {}) => get<T.Page<T.Note>>("/me/notes", { query: { ...page } }),
  leaderboard: (p: string) => get<{ items: T.Placed[] }>(`/projects/${p}/leaderboard`),

  practice: (p: string) => get<T.Practice>(`/projects/${p}/practice`),
  advice: (p: string) => get<{ items: T.Advice[] }>(`/projects/${p}/advice`),
  adviceSeen: (p: string, a: string) => post<null>(`/projects/${p}/advice/${a}/seen`, {}),
  quarantine: (p: string) => get<T.Quarantine>(`/projects/${p}/quarantine`),
  appeal: (p: string) => post<T.Quarantine>(`/projects/${p}/appeal`, {}),
  practise: (p: string, i: string, masks: T.LabelMask[], nothing_here: boolean) => post<T.PracticeResult>(`/projects/${p}/practice/${i}`, { masks, nothing_here }),
  note: (p: string, image_id: string, kind: T.NoteKind, text: string) => post<T.Note>(`/projects/${p}/notes`, { image_id, kind, text }),
  notes: (p: string, page: Cursor & { status?: "open" | "resolved" } = {}) => get<T.Page<T.Note>>(`/projects/${p}/notes`, { query: { ...page } }),
  answerNote: (p: string, n: string, body: { resolved?: boolean; reply?: string }) => request<T.Note>("PATCH", `/projects/${p}/notes/${n}`, { body }),
  guidePicture: async (p: string, file: Blob) => (await (await raw("POST", `/projects/${p}/guide/pictures`, { body: file })).json()) as { name: string; url: string; width: number; height: number },

  game: (p: string) => get<T.Game>(`/projects/${p}/game`),
  startRound: (p: string) => post<T.Round>(`/projects/${p}/rounds`),
  round: (r: string) => get<T.Round>(`/rounds/${r}`),
  sheet: async (path: string) => createImageBitmap(await (await raw("GET", path)).blob()),
  answerRound: (r: string, place: number, synthetic: boolean) => request<T.Round>("PUT", `/rounds/${r}/answers/${place}`, { body: { synthetic } }),

  images: (p: string, page: Cursor = {}) => get<T.Page<T.Image>>(`/projects/${p}/images`, { query: { ...page } }),
  image: (i: string) => get<T.Image>(`/images/${i}`),
  neighbours: (i: string, signal?: AbortSignal) => get<T.Neighbours>(`/images/${i}/neighbours`, { signal, quiet: true }),
  deleteImage: (i: string) => request<null>("DELETE", `/images/${i}`),
  frame: async (frameUrl: string, signal?: AbortSignal) => (await raw("GET", frameUrl, { signal })).blob(),
  upload: (p: string, files: File[], group: string, progress: (share: number) => void, signal?: AbortSignal) => {
    const form = new FormData();
    for (const f of files) form.append("files", f, f.name);
    return upload<T.UploadReport>(`/projects/${p}/images`, form, { group }, progress, signal);
  },

  segment: (i: string, body: T.SegmentBody, signal?: AbortSignal) => post<T.SegmentReply>(`/images/${i}/segment`, body, { signal }),
  models: (signal?: AbortSignal) => get<{ items: T.Model[] }>("/models", { signal, quiet: true }),
  proposals: (i: string, signal?: AbortSignal) => get<{ items: T.Proposal[] }>(`/images/${i}/proposals`, { signal, quiet: true }),

  goldList: (p: string, page: Cursor = {}) => get<T.Page<T.GoldItem>>(`/projects/${p}/gold`, { query: { limit: 200, ...page } }),
  gold: (p: string, i: string) => get<T.GoldItem>(`/projects/${p}/gold/${i}`),
  putGold: (p: string, i: string, masks: T.LabelMask[], nothing_here: boolean, practice?: boolean) => request<T.GoldItem>("PUT", `/projects/${p}/gold/${i}`, { body: { masks, nothing_here, practice } }),
  deleteGold: (p: string, i: string) => request<null>("DELETE", `/projects/${p}/gold/${i}`),

  consensusList: (p: string, page: Cursor & { status?: string } = {}) => get<T.Page<T.ConsensusRow>>(`/projects/${p}/consensus`, { query: { limit: 200, ...page } }),
  consensus: (i: string) => get<{ image_id: string; labels: T.ConsensusLabel[] }>(`/images/${i}/consensus`),
  consensusHistory: (i: string) => get<T.ConsensusHistory>(`/images/${i}/consensus/history`),
  budget: (p: string, query: { dice: number; share: number; images: number }) => get<T.Budget>(`/projects/${p}/consensus/budget`, { query }),
  probabilityUrl: (i: string, label: number) => url(`/images/${i}/consensus/${label}/probability`),
  instancesUrl: (p: string) => url(`/projects/${p}/consensus/instances`),
  masksUrl: (p: string) => url(`/projects/${p}/consensus/masks`),
  raters: (p: string) => get<T.Page<T.Rater>>(`/projects/${p}/raters`, { query: { limit: 200 } }),
  review: (i: string, body: { decision: "accept" | "fix" | "send_back"; masks?: T.LabelMask[]; comment?: string }) => post<unknown>(`/images/${i}/consensus/review`, body),
  recompute: (p: string, method: string) => post<unknown>(`/projects/${p}/consensus/recompute`, { method }),

  jobs: (p: string) => get<T.Page<T.JobRow>>(`/projects/${p}/jobs`),
  job: (j: string) => get<T.Job>(`/jobs/${j}`),
  startJob: (p: string, kind: T.JobKind, params: Record<string, unknown>) => post<T.Job>(`/projects/${p}/jobs`, { kind, params }),
  cancelJob: (j: string) => post<T.Job>(`/jobs/${j}/cancel`),
  reportUrl: (j: string) => url(`/jobs/${j}/report`),
  synthetic: (p: string, page: Cursor = {}) => get<T.Page<T.Synthetic>>(`/projects/${p}/synthetic`, { query: { ...page } }),
  previewUrl: (j: string, step: number) => url(`/jobs/${j}/preview`, { step }),
  syntheticUrl: (s: string, part: "image" | "mask") => url(`/synthetic/${s}/${part}`),
  gameResults: (p: string) => get<T.GameResult>(`/projects/${p}/game/results`),
  putGame: (p: string, body: { open: boolean; images: number }) => request<T.GameResult>("PUT", `/projects/${p}/game`, { body }),
  datasets: (p: string) => get<T.Page<T.Dataset>>(`/projects/${p}/datasets`),
  publish: (p: string, body: Record<string, unknown>) => post<T.Job>(`/projects/${p}/datasets`, body),
  datasetUrl: (d: string) => url(`/datasets/${d}/download`),

  keys: () => get<T.Page<T.ApiKey>>("/keys"),
  createKey: (name: string, scopes: string[]) => post<T.ApiKey>("/keys", { name, scopes }),
  revokeKey: (k: string) => request<null>("DELETE", `/keys/${k}`),
  members: (p: string) => get<T.Page<T.Member>>(`/projects/${p}/members`),
  addMember: (p: string, email: string, role: T.Role) => post<T.Member>(`/projects/${p}/members`, { email, role }),
  removeMember: (p: string, u: string) => request<null>("DELETE", `/projects/${p}/members/${u}`),

  users: (page: Cursor = {}) => get<T.Page<T.AdminUser>>("/admin/users", { query: { ...page } }),
  patchUser: (u: string, body: { role?: T.Role; disabled?: boolean }) => request<T.AdminUser>("PATCH", `/admin/users/${u}`, { body }),
  deadLetters: () => get<T.Page<T.DeadLetter>>("/admin/dead-letters"),
  replay: (d: string) => post<unknown>(`/admin/dead-letters/${d}/replay`),
  audit: (project_id?: string, page: Cursor = {}) => get<T.Page<T.AuditEntry>>("/audit", { query: { project_id, ...page } }),
  eventsUrl: (project_id: string) => url("/events", { project_id }),
};
