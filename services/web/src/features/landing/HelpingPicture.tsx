import { memo } from "react";
import { useTranslation } from "react-i18next";

/** Cortex of a stylised axial slice, one half; mirrored for the other. */
const HALF =
  "M200 62 C168 58 140 66 124 82 C104 90 92 106 90 124 C74 138 66 158 70 176 C58 196 58 220 68 236 C66 258 76 278 92 288 C98 306 116 320 134 322 C150 338 178 342 200 336 Z";
const FOLDS = [
  "M124 84 C132 100 150 98 156 112 C160 124 150 134 156 146",
  "M90 126 C106 128 114 140 128 138 C138 136 142 146 140 156",
  "M70 178 C88 176 96 190 112 186 C122 184 128 192 126 202",
  "M68 238 C84 232 98 242 110 234 C118 228 128 234 130 244",
  "M93 288 C102 274 118 276 124 264 C130 256 142 260 146 270",
  "M135 322 C138 306 152 304 156 292 C160 284 170 286 174 296",
  "M172 62 C170 80 182 88 178 104",
];
const VENTRICLE = "M192 148 C176 148 168 164 172 184 C176 202 170 214 176 230 C182 240 192 236 192 222 C190 200 194 176 192 148 Z";

/** Three people outline the same structure; their outlines become one. Drawn by us; stands still for those who ask for calm. */
export const HelpingPicture = memo(function HelpingPicture() {
  const { t } = useTranslation();
  return (
    <figure className="helping">
      <svg viewBox="0 0 400 400" role="img" aria-labelledby="helping-title">
        <title id="helping-title">{t("landing.picture")}</title>
        <defs>
          <radialGradient id="tissue" cx="50%" cy="46%" r="56%">
            <stop offset="0%" stopColor="#8d96a6" />
            <stop offset="70%" stopColor="#717b8d" />
            <stop offset="100%" stopColor="#4c5566" />
          </radialGradient>
          <radialGradient id="ground" cx="50%" cy="50%" r="60%">
            <stop offset="0%" stopColor="#171c26" />
            <stop offset="100%" stopColor="#07090d" />
          </radialGradient>
        </defs>
        <rect width="400" height="400" rx="24" fill="url(#ground)" />
        <ellipse cx="200" cy="200" rx="158" ry="172" fill="none" stroke="#39414f" strokeWidth="9" />
        {[1, -1].map((side) => (
          <g key={side} transform={side === 1 ? undefined : "translate(400 0) scale(-1 1)"}>
            <path d={HALF} fill="url(#tissue)" />
            {FOLDS.map((d) => (
              <path key={d} d={d} fill="none" stroke="#3a4251" strokeWidth="5" strokeLinecap="round" />
            ))}
            <path d={VENTRICLE} fill="#12161e" />
          </g>
        ))}
        <path d="M200 64 V334" stroke="#2c3340" strokeWidth="4" />
        <ellipse className="help-lesion" cx="268" cy="196" rx="34" ry="27" fill="#b9c0cc" transform="rotate(-18 268 196)" />
        <g fill="none" strokeWidth="4" strokeLinecap="round" strokeLinejoin="round">
          <path className="help-line help-a" pathLength="1" stroke="#56b4e9" d="M232 206 C230 180 256 164 280 168 C304 172 308 198 292 214 C276 230 236 232 232 206 Z" />
          <path className="help-line help-b" pathLength="1" stroke="#f0a020" d="M238 212 C228 190 244 166 272 164 C300 164 310 188 300 208 C288 226 250 232 238 212 Z" />
          <path className="help-line help-c" pathLength="1" stroke="#d98bb8" d="M234 200 C236 176 264 162 286 172 C306 184 302 210 284 220 C262 230 234 224 234 200 Z" />
        </g>
        <path className="help-consensus" fill="#2cc295" stroke="#7df0c6" strokeWidth="4" d="M234 204 C232 180 256 165 280 168 C303 173 306 198 292 213 C274 229 238 228 234 204 Z" />
        <g className="help-pen">
          <path d="M0 0 L10 -28 L18 -25 Z" fill="#ffffff" stroke="#10131a" strokeWidth="2" strokeLinejoin="round" />
        </g>
      </svg>
      <figcaption>
        <span className="key key-a" />
        <span className="key key-b" />
        <span className="key key-c" />
        {t("landing.caption")}
        <span className="key key-m" />
      </figcaption>
    </figure>
  );
});
