"""/api/v1/: one API put together from the rooms' routers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import SessionAuth

from rongmei import __version__
from rongmei.kernel import plugins
from rongmei.kernel.errors import RongmeiError
from rongmei.network.tokens import TokenAuth

api = NinjaAPI(
    title="Rongmei",
    version=__version__,
    description="融媒体云开放接口。令牌在“我的 → 接口令牌”中生成。",
    auth=[TokenAuth(), SessionAuth(csrf=True)],
    urls_namespace="api",
    docs_url="/docs",
)


@api.exception_handler(RongmeiError)
def say_error(request: HttpRequest, error: RongmeiError) -> HttpResponse:
    """Answer {"code", "message"} with the error's status."""
    return api.create_response(
        request, {"code": error.code, "message": error.message}, status=error.status
    )


plugins.load_outside()
for routers in plugins.manager.hook.register_api():
    for prefix, router in routers:
        api.add_router(prefix, router)
