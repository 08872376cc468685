"""Every public route: who owns it, who may call it. What isn't here doesn't exist for the outside.

`tests/unit/gateway/test_route_table.py` compares the table with the OpenAPI of all services, both ways. `least` is the role within
the project where the path names one, else the highest role that the account holds anywhere; the services decide by themselves about
things of a project (an image, a job) and about open projects.
"""

from __future__ import annotations

from services.gateway.domain.routing import Route, RouteTable

_ANYONE, _RATER, _EXPERT, _LAB, _OPERATOR = 0, 1, 2, 3, 4


def _gateway() -> list[Route]:
    g = "gateway"
    return [
        Route("GET", "/openapi.json", g, _ANYONE),
        Route("GET", "/consent", g, _ANYONE),
        # These three make a session, so there is none yet whose token could be asked for; a page of another site can't call them,
        # because the body must be JSON and `Sec-Fetch-Site` is checked.
        Route("POST", "/auth/guest", g, _ANYONE, csrf=False),
        Route("POST", "/auth/register", g, _ANYONE),
        Route("POST", "/auth/login", g, _ANYONE, csrf=False),
        Route("POST", "/auth/logout", g),
        Route("GET", "/auth/me", g),
        Route("DELETE", "/auth/me", g, scope="admin"),
        Route("PATCH", "/auth/me", g, scope="admin"),
        Route("POST", "/auth/consent", g),
        Route("POST", "/auth/password", g, scope="admin"),
        Route("GET", "/keys", g, scope="admin"),
        Route("POST", "/keys", g, scope="admin"),
        Route("DELETE", "/keys/{key_id}", g, scope="admin"),
        Route("GET", "/projects/{project_id}/members", g, _LAB),
        Route("POST", "/projects/{project_id}/members", g, _LAB, scope="admin"),
        Route("DELETE", "/projects/{project_id}/members/{user_id}", g, _LAB, scope="admin"),
        Route("GET", "/projects/{project_id}/leaderboard", g),
        Route("GET", "/audit", g, _LAB, scope="admin"),
        Route("GET", "/events", g, _EXPERT),
        Route("GET", "/webhooks", g, _LAB, scope="admin"),
        Route("POST", "/webhooks", g, _LAB, scope="admin"),
        Route("DELETE", "/webhooks/{webhook_id}", g, _LAB, scope="admin"),
        Route("GET", "/admin/users", g, _OPERATOR, scope="admin"),
        Route("PATCH", "/admin/users/{user_id}", g, _OPERATOR, scope="admin"),
        Route("DELETE", "/admin/users/{user_id}", g, _OPERATOR, scope="admin"),
        Route("GET", "/admin/dead-letters", g, _OPERATOR, scope="admin"),
        Route("GET", "/admin/dead-letters/{letter_id}", g, _OPERATOR, scope="admin"),
        Route("POST", "/admin/dead-letters/{letter_id}/replay", g, _OPERATOR, scope="admin"),
    ]


def _annotations() -> list[Route]:
    a = "annotations"
    return [
        Route("POST", "/projects", a, _LAB, account_wide=True, audit="project.create"),
        Route("GET", "/projects", a),
        Route("GET", "/projects/{project_id}", a, _RATER),
        Route("PATCH", "/projects/{project_id}", a, _LAB, audit="project.update"),
        Route("DELETE", "/projects/{project_id}", a, _LAB, audit="project.archive"),
        Route("GET", "/projects/{project_id}/tasks", a, _LAB),
        Route("POST", "/projects/{project_id}/next", a, consent=True),
        Route("POST", "/leases/{lease_id}/renew", a),
        Route("POST", "/leases/{lease_id}/skip", a),
        Route("DELETE", "/leases/{lease_id}", a),
        Route("PUT", "/leases/{lease_id}/draft", a),
        Route("GET", "/leases/{lease_id}/draft", a),
        Route("POST", "/leases/{lease_id}/submissions", a),
        Route("GET", "/projects/{project_id}/submissions", a, _LAB),
        Route("PUT", "/projects/{project_id}/gold/{image_id}", a, _LAB, audit="gold.put"),
        Route("GET", "/projects/{project_id}/gold/{image_id}", a, _LAB),
        Route("DELETE", "/projects/{project_id}/gold/{image_id}", a, _LAB, audit="gold.delete"),
        Route("GET", "/projects/{project_id}/gold", a, _LAB),
        Route("GET", "/projects/{project_id}/practice", a),
        Route("POST", "/projects/{project_id}/practice/{image_id}", a, consent=True),
        Route("GET", "/projects/{project_id}/quarantine", a),
        Route("POST", "/projects/{project_id}/appeal", a, consent=True),
        Route("GET", "/projects/{project_id}/advice", a),
        Route("POST", "/projects/{project_id}/advice/{advice_id}/seen", a),
        Route("POST", "/projects/{project_id}/notes", a),
        Route("GET", "/projects/{project_id}/notes", a, _EXPERT),
        Route("PATCH", "/projects/{project_id}/notes/{note_id}", a, _EXPERT),
        Route("GET", "/projects/{project_id}/ranking", a, _LAB),
        Route("POST", "/projects/{project_id}/guide/pictures", a, _LAB, audit="guide.picture"),
        Route("GET", "/projects/{project_id}/guide/pictures/{picture}", a),
        Route("GET", "/me/stats", a),
        Route("GET", "/me/notes", a),
        Route("GET", "/me/work", a),
        Route("GET", "/me/work/{submission_id}", a),
    ]


def _images() -> list[Route]:
    i = "images"
    return [
        Route("POST", "/projects/{project_id}/images", i, _LAB, upload=True, audit="images.upload"),
        Route("GET", "/projects/{project_id}/images", i, _LAB),
        Route("GET", "/projects/{project_id}/images/rejections", i, _LAB),
        Route("GET", "/images/{image_id}", i),
        Route("GET", "/images/{image_id}/neighbours", i),
        Route("GET", "/images/{image_id}/frame", i),
        Route("GET", "/images/{image_id}/thumbnail", i),
        Route("GET", "/images/{image_id}/original", i, _LAB, audit="image.original"),
        Route("DELETE", "/images/{image_id}", i, _LAB, audit="image.delete"),
    ]


def _inference() -> list[Route]:
    i = "inference"
    return [
        Route("POST", "/images/{image_id}/segment", i),
        Route("GET", "/images/{image_id}/embedding", i),
        Route("GET", "/images/{image_id}/proposals", i),
        Route("GET", "/projects/{project_id}/segmenters", i, _LAB),
        Route("PUT", "/projects/{project_id}/segmenters", i, _LAB, audit="segmenter.choose"),
        Route("GET", "/models", i),
        Route("GET", "/models/{name}/{version}/model.onnx", i),
    ]


def _consensus() -> list[Route]:
    c = "consensus"
    return [
        Route("GET", "/projects/{project_id}/consensus", c, _EXPERT),
        Route("GET", "/images/{image_id}/consensus", c, _EXPERT),
        Route("GET", "/images/{image_id}/consensus/{label_id}/probability", c, _EXPERT),
        Route("GET", "/images/{image_id}/consensus/history", c, _EXPERT),
        Route("GET", "/images/{image_id}/consensus/versions/{version}", c, _EXPERT),
        Route("GET", "/projects/{project_id}/consensus/budget", c, _EXPERT),
        Route("GET", "/projects/{project_id}/consensus/masks", c, _LAB, audit="consensus.download"),
        Route("GET", "/projects/{project_id}/consensus/instances", c, _LAB, audit="consensus.download"),
        Route("GET", "/projects/{project_id}/raters", c, _LAB),
        Route("POST", "/images/{image_id}/consensus/review", c, _EXPERT, audit="consensus.review"),
        Route("POST", "/projects/{project_id}/consensus/recompute", c, _LAB, audit="consensus.recompute"),
    ]


def _synthesis() -> list[Route]:
    s = "synthesis"
    return [
        Route("POST", "/projects/{project_id}/jobs", s, _LAB, audit="job.create"),
        Route("GET", "/projects/{project_id}/jobs", s, _LAB),
        Route("GET", "/jobs/{job_id}", s, _LAB),
        Route("POST", "/jobs/{job_id}/cancel", s, _LAB, audit="job.cancel"),
        Route("GET", "/jobs/{job_id}/report", s, _LAB),
        Route("GET", "/jobs/{job_id}/preview", s, _LAB),
        Route("GET", "/projects/{project_id}/generators", s, _LAB),
        Route("GET", "/projects/{project_id}/synthetic", s, _LAB),
        Route("GET", "/synthetic/{synthetic_id}/image", s, _LAB),
        Route("GET", "/synthetic/{synthetic_id}/mask", s, _LAB),
        Route("POST", "/projects/{project_id}/datasets", s, _LAB, audit="dataset.create"),
        Route("GET", "/projects/{project_id}/datasets", s, _LAB),
        Route("GET", "/datasets/{dataset_id}", s, _LAB),
        Route("POST", "/datasets/{dataset_id}/verify", s, _LAB),
        Route("GET", "/datasets/{dataset_id}/download", s, _LAB, audit="dataset.download"),
        Route("PUT", "/projects/{project_id}/game", s, _LAB, audit="game.put"),
        Route("GET", "/projects/{project_id}/game/results", s, _LAB),
        Route("GET", "/projects/{project_id}/game", s),
        Route("POST", "/projects/{project_id}/rounds", s, consent=True),
        Route("GET", "/rounds/{round_id}", s),
        Route("GET", "/rounds/{round_id}/sheet", s, heavy=True),
        Route("PUT", "/rounds/{round_id}/answers/{position}", s),
    ]


def build() -> RouteTable:
    """The table of all public routes."""
    return RouteTable([*_gateway(), *_annotations(), *_images(), *_inference(), *_consensus(), *_synthesis()])
