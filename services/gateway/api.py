"""The gateway's own routes, from its files by subject."""

from __future__ import annotations

from fastapi import APIRouter

from services.gateway.api_accounts import account_router
from services.gateway.api_admin import admin_router
from services.gateway.api_live import live_router
from services.gateway.api_projects import project_router
from services.gateway.parts import Parts


def router(parts: Parts) -> APIRouter:
    """All of `/api/v1` that the gateway answers itself."""
    every = APIRouter()
    for part in (account_router(parts), project_router(parts), live_router(parts), admin_router(parts)):
        every.include_router(part)
    return every
