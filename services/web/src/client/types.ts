import type { Rle } from "~/lib/canvas/rle";

// What only a lab, an expert or an operator asks for.
export type * from "./types.lab";

/** Names as in docs/contract.md. */
export type Role = "volunteer" | "expert" | "lab" | "operator";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  id: string;
  role: Role;
  display_name: string;
  email: string | null;
  is_guest: boolean;
  csrf_token: string;
  consent_version: string | null;
  consent_current: boolean;
  memberships: Record<string, Role>;
  leaderboard: boolean;
}

export interface Consent {
  version: string;
  text: string;
}

export interface Label {
  id: number;
  name: string;
  color: string | null;
  description: string | null;
}

export interface ProjectCounts {
  images: number;
  gold: number;
  practice: number;
  open: number;
  retired: number;
  submissions: number;
  raters: number;
  leases: number;
  overshoot: number;
}

export interface ProjectSettings {
  name: string;
  summary: string;
  instructions: string;
  quorum: number;
  gold_share: number;
  gold_feedback: boolean;
  open: boolean;
  accept_agreement: number;
  lease_seconds: number;
  show_proposals: boolean;
  practice_required: number;
  practice_dice: number;
  outcomes: string;
  overlap_least: number;
  overlap_most: number;
  overlap_dice: number;
  gold_adaptive: boolean;
  proposal_control: number;
}

export interface Project extends ProjectSettings {
  id: string;
  status: "active" | "paused" | "archived";
  owner_id: string;
  created_at: string;
  labels: Label[];
  counts: ProjectCounts;
}

export interface NewLabel {
  name: string;
  color?: string;
  description?: string;
}

export interface ImageRef {
  id: string;
  project_id: string;
  height: number;
  width: number;
  channels: number;
  group: string;
  frame_index: number;
  frames: number;
  spacing: [number, number] | null;
  slice_mm: number | null;
  frame_url: string;
  thumbnail_url: string;
}

export interface Image extends ImageRef {
  source_id: string;
  name: string;
  created_at: string;
  modality: string | null;
}

/** What lies beside an image in its stack of slices; null at an end. */
export interface Neighbours {
  before: Image | null;
  after: Image | null;
}

export interface LabelMask {
  label_id: number;
  rle: Rle;
}

export interface Draft {
  masks: LabelMask[];
  updated_at: string;
}

export interface Lease {
  id: string;
  expires_at: string;
}

export interface Assignment {
  lease: Lease;
  task: { id: string; project_id: string; image: ImageRef; has_proposal?: boolean };
  draft: Draft | null;
  /** Further tasks that are held, where they were asked for. */
  ahead?: Assignment[];
}

export interface SubmissionBody {
  client_key: string;
  masks: LabelMask[];
  nothing_here?: boolean;
  duration_ms?: number;
  clicks?: number;
  proposal_shown?: boolean;
  comment?: string;
  unsure?: boolean;
}

export interface LabelFeedback {
  label_id: number;
  dice: number;
  missed_px: number;
  extra_px: number;
  message: string;
}

export interface Feedback {
  labels: LabelFeedback[];
  reference: LabelMask[];
}

export interface SubmissionResult {
  submission_id: string;
  task_id: string;
  feedback: Feedback | null;
  next_available: boolean;
}

export interface Standing {
  required: number;
  threshold: number;
  passed: number;
  qualified: boolean;
}

export interface Practice {
  standing: Standing;
  example: { image: ImageRef; reference: LabelMask[] } | null;
  images: { image: ImageRef; attempts: number; best: number | null; passed: boolean }[];
}

/** What an attempt meant for the appeal that it belongs to. */
export interface AppealTry {
  state: "open" | "passed" | "failed";
  needed: number;
  passed: number;
  left: number;
  dice: number;
}

/** `label_ids` empty: the rater's answers count fully. */
export interface Quarantine {
  label_ids: number[];
  appeal: { needed: number; threshold: number; passed: number; images: ImageRef[] } | null;
  can_appeal: boolean;
}

/** A habit of the rater's that is sure, or a label that they often miss: told once. */
export interface Advice {
  id: string;
  label_id: number;
  kind: "over" | "under" | "shifted" | "misses";
  direction: "" | "right" | "upper-right" | "up" | "upper-left" | "left" | "lower-left" | "down" | "lower-right";
  px: number;
  share: number;
  answers: number;
}

export interface PracticeResult {
  appeal?: AppealTry | null;
  dice: number;
  passed: boolean;
  feedback: Feedback;
  standing: Standing;
}

export type NoteKind = "comment" | "unsure" | "wrong" | "skip";

export interface Note {
  id: string;
  project_id: string;
  image_id: string;
  rater_id: string;
  submission_id: string | null;
  kind: NoteKind;
  text: string;
  reply: string;
  created_at: string;
  resolved_at: string | null;
}

export interface Work {
  submission_id: string;
  project_id: string;
  image: ImageRef;
  created_at: string;
  nothing_here: boolean;
  finished: boolean;
}

export interface WorkDetail extends Work {
  masks: LabelMask[];
  consensus: { label_id: number; rle: Rle; agreement: number | null; dice: number }[] | null;
}

/** The real-or-synthetic game as a player finds it. */
export interface Game {
  open: boolean;
  images: number;
  round_id: string | null;
  more: boolean;
  rounds: number;
  right: number;
  answers: number;
}

/** `answers` in the order of the images, true for synthetic; `truth` once all are answered. */
export interface Round {
  id: string;
  images: number;
  size: number;
  sheet_url: string;
  answers: (boolean | null)[];
  finished: boolean;
  truth: { synthetic: boolean; right: boolean }[] | null;
  right: number | null;
}

export type BadgeCode = "first" | "practised" | "ten" | "watchful" | "steady" | "sharp" | "hundred" | "seen_through";

export interface Placed {
  place: number;
  name: string;
  quality: number;
  gold_seen: number;
  is_me: boolean;
}

export interface MyStats {
  badges: { code: BadgeCode; earned_at: string }[];
  submissions: number;
  gold_seen: number;
  gold_dice: { mean: number; low: number; high: number } | null;
  today: number;
  streak_days: number;
}

export interface SegmentBody {
  points: { x: number; y: number; is_positive: boolean }[];
  box?: [number, number, number, number];
  scribbles?: { points: (readonly [number, number])[]; is_positive: boolean }[];
  mask?: Rle;
  label_id?: number;
  model?: string;
}

/** A model of the segmenter. `engine` holds the numbers of the engine around it, where the client may run it. */
export interface Model {
  name: string;
  version: string;
  default: boolean;
  url: string | null;
  engine: import("~/lib/decoder/engine/interact").Tuning | null;
}

export interface SegmentReply {
  rle: Rle;
  score: number;
  model: string;
  version: string;
  ms: number;
}

export interface Proposal {
  label_id: number;
  rle: Rle;
  score: number;
  model: string;
}
