"""The one list of the API's routers."""

from __future__ import annotations

from ascertain.service.api import (
    assertions,
    audit,
    catalogue,
    cohorts,
    content_tags,
    deciding,
    description,
    disputing,
    find,
    learners,
    operation,
    review_desk,
    reviews,
    rights_requests,
    rollout,
    run_requests,
    schemas,
    stewardship,
    what_if,
)

API = (
    description.router,
    schemas.router,
    learners.router,
    assertions.router,
    cohorts.router,
    what_if.router,
    reviews.router,
    find.router,
    catalogue.router,
    content_tags.router,
    stewardship.router,
    audit.router,
    operation.router,
    rollout.router,
    run_requests.router,
    review_desk.router,
    disputing.router,
    rights_requests.router,
    deciding.router,
)
