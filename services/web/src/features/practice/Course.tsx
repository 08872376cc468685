import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ImageRef, Practice, Project } from "~/client/types";
import { percent } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Badge, Button, Empty, Notice, Progress } from "~/lib/ui/kit";

interface Props {
  /** The way out of quarantine, for who is in it. */
  again: ReactNode;
  /** Only that way is offered: on other tries images would be seen that it needs new. */
  onlyAgain: boolean;
  project: Project;
  practice: Practice;
  newcomer: boolean;
  onTutorial: (() => void) | null;
  onExample: (() => void) | null;
  onPractise: (() => void) | null;
  onChoose: (image: ImageRef) => void;
}

/** What there is to learn, how far it is done, and the way to real work. */
export function Course({ again, onlyAgain, project, practice, newcomer, onTutorial, onExample, onPractise, onChoose }: Props) {
  const { t, i18n } = useTranslation();
  const { standing, images, example } = practice;
  const work = (
    <Link className={`button big ${standing.qualified && !newcomer ? "button-primary" : "button-plain"}`} to={`/projects/${project.id}/label`}>
      <Icon name="brush" /> {t("practice.toWork")}
    </Link>
  );
  if (images.length === 0 && !example)
    return (
      <div className="page narrow">
        {again}
        <Empty icon="star" title={t("practice.none")}>
          <p className="soft">{t("practice.noneText")}</p>
          {work}
        </Empty>
      </div>
    );
  return (
    <div className="page narrow">
      {again}
      <p className="lead">{standing.required > 0 ? t("practice.required", { count: standing.required, share: percent(standing.threshold, i18n.language) }) : t("practice.free")}</p>
      {standing.required > 0 && (
        <section className="card stack">
          <h2>{t("practice.progress", { passed: Math.min(standing.passed, standing.required), required: standing.required })}</h2>
          <Progress value={standing.passed} max={standing.required} label={t("practice.progressLabel")} />
          {standing.qualified && <Notice tone="good">{t("practice.qualified")}</Notice>}
        </section>
      )}
      <div className="row">
        {onTutorial && (
          <Button variant={newcomer ? "primary" : "plain"} className="big" icon="finger" onClick={onTutorial}>
            {t("practice.tutorial")}
          </Button>
        )}
        {onPractise && !onlyAgain && (
          <Button variant={!newcomer && !standing.qualified ? "primary" : "plain"} className="big" icon="brush" onClick={onPractise}>
            {t("practice.practise")}
          </Button>
        )}
        {onExample && (
          <Button className="big" icon="eye" onClick={onExample}>
            {t("practice.example")}
          </Button>
        )}
        {standing.qualified && work}
      </div>
      {!onlyAgain && <section>
        <h2>{t("practice.images")}</h2>
        <ul className="practice-images">
          {images.map(({ image, attempts, best, passed }, i) => (
            <li key={image.id}>
              <button type="button" onClick={() => onChoose(image)}>
                <img src={image.thumbnail_url} alt={t("practice.imageN", { n: i + 1 })} width={112} height={112} />
                {best === null ? <Badge>{t("practice.new")}</Badge> : <Badge tone={passed ? "good" : "warn"}>{percent(best, i18n.language)}</Badge>}
                {attempts > 0 && <span className="fine">{t("practice.attempts", { count: attempts })}</span>}
              </button>
            </li>
          ))}
        </ul>
        <p className="fine">{t("practice.apart")}</p>
      </section>}
    </div>
  );
}
