"""Every action of the audit chain: how many places of the code seal it, and what it says.

A test reads the code and compares: a place that is taken away, or a new one that is not entered here, fails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """``places`` in the code that seal the action; 0 where the name is put together, see :data:`PUT_TOGETHER`."""

    places: int
    what: str


ACTIONS: Mapping[str, Entry] = {
    "access.granted": Entry(1, "somebody was given a role"),
    "access.linked": Entry(1, "a link to sign in was made for somebody"),
    "access.revoked": Entry(1, "a role was taken away"),
    "access.trained": Entry(1, "a reviewer's training is on record"),
    "activity.received": Entry(1, "an activity came in by the API"),
    "agent.answered": Entry(1, "one agent's answer: model, prompt hash, output hash, tools, calls, tokens"),
    "assignment.decided": Entry(1, "a human decided on learning that was proposed"),
    "assignment.moved": Entry(1, "what is overdue on an approved path was given new dates"),
    "assignment.proposed": Entry(1, "learning was proposed"),
    "audit.cut": Entry(0, "the oldest records were deleted, up to a number, with the hash of the last"),
    "audit.opened": Entry(1, "somebody exports payloads in clear"),
    "calibration.applied": Entry(1, "a calibration was put in use, or none"),
    "calibration.approved": Entry(1, "somebody said that a calibration may be applied"),
    "calibration.fitted": Entry(1, "a calibration was fitted on decisions and kept as a candidate"),
    "configuration.changed": Entry(1, "policy, connections, schedules or what goes out differ from the last start"),
    "consent.forgotten": Entry(1, "what rested on a consent that was withdrawn was deleted: counts"),
    "consent.organisation": Entry(1, "the organisation allowed or ended a source of sensitive texts"),
    "consent.recorded": Entry(1, "somebody said yes or no to a source"),
    "content.measured": Entry(1, "how finishers of content did was counted: how many counts differ from before"),
    "content.transcript_put": Entry(1, "a transcript was put to content: kind and size, and the text of before"),
    "content.transcript_removed": Entry(1, "the transcript of content was taken away"),
    "content.tag_voted": Entry(1, "somebody said whether content teaches a skill: vote, and what the votes come to"),
    "content.tagged": Entry(1, "courses were mapped to skills"),
    "content.weighed": Entry(1, "the catalogue crew looked at content: which, how many tags it held back, each step"),
    "dispute.decided": Entry(0, "a dispute was decided"),
    "dispute.escalated": Entry(1, "a dispute is overdue and was put before learning and development"),
    "dispute.evidence": Entry(1, "evidence was added to a dispute"),
    "dispute.opened": Entry(1, "an assertion is contested"),
    "dispute.withdrawn": Entry(0, "a dispute was withdrawn"),
    "everything.switched": Entry(1, "everything that works by itself was stopped or goes on"),
    "fairness.audited": Entry(1, "groups were compared"),
    "fairness.labels_erased": Entry(1, "somebody's group labels were erased"),
    "fairness.labels_imported": Entry(1, "group labels were taken in"),
    "fairness.labels_read": Entry(
        5, "group labels were read for an audit, or calibration, openings, key roles, a rehearsal by group"
    ),
    "fairness.matches_checked": Entry(1, "groups were compared on lists for openings: how many, how many flagged"),
    "fairness.succession_checked": Entry(1, "groups were compared on lists for key roles: how many, how many flagged"),
    "fairness.read": Entry(1, "the report of a fairness audit was read"),
    "fairness.refused": Entry(1, "somebody who is no fairness auditor asked for labels"),
    "ingest.catalogue": Entry(1, "a catalogue was imported"),
    "ingest.external": Entry(1, "learning from outside was taken in: counts"),
    "ingest.event": Entry(1, "an event of another system was worked off"),
    "ingest.page": Entry(1, "a page was pulled: counts, cursor"),
    "ingest.removed": Entry(1, "what a source deleted was removed"),
    "ingest.retry": Entry(2, "a quarantined record was tried again"),
    "key.created": Entry(1, "an API key was made"),
    "key.revoked": Entry(1, "an API key ended"),
    "key.rotated": Entry(1, "an API key was replaced by a new one: until when the old one opens"),
    "master_key.rotated": Entry(1, "every data key is wrapped by the present master key: counts, ids of both"),
    "master_key.rotation_begun": Entry(1, "data keys began to be wrapped anew"),
    "match.listed": Entry(1, "the list for an opening was made: how many were considered, and stand on it"),
    "notice.recorded": Entry(1, "people were told, or somebody alone: date, text, way"),
    "notification.endpoint": Entry(1, "an endpoint was turned on or off"),
    "notification.mails": Entry(2, "somebody's mails were turned on or off"),
    "opening.closed": Entry(1, "an opening was closed by hand, and why"),
    "openings.imported": Entry(1, "openings were taken in: source, counts"),
    "onboarding.asked": Entry(1, "a plan of somebody's first 90 days was asked for: by whom, or by a sync"),
    "onboarding.changed": Entry(1, "milestones of a plan were changed: version, counts, the words in the payload"),
    "onboarding.commented": Entry(1, "somebody commented on a plan"),
    "onboarding.decided": Entry(1, "a plan was approved or withdrawn by a human"),
    "onboarding.drafted": Entry(1, "a plan was drafted: versions, agents' steps, what was dropped"),
    "onboarding.failed": Entry(1, "a plan could not be drafted"),
    "onboarding.ticked": Entry(1, "a milestone was done, skipped or opened again"),
    "people.read": Entry(1, "somebody read people's skills"),
    "path.skipped": Entry(1, "somebody will not take an item of their path, and why"),
    "path.unskipped": Entry(1, "an item that was skipped may be planned again"),
    "path.wished": Entry(1, "somebody said what a path has to keep to"),
    "permission.refused": Entry(1, "something was asked that is not permitted"),
    "person.correction_lifted": Entry(1, "a correction no longer holds"),
    "person.erased": Entry(1, "a person was erased: counts"),
    "person.erasure_lifted": Entry(1, "somebody who was erased may come back"),
    "person.rectified": Entry(1, "something about a person was corrected"),
    "person.restricted": Entry(1, "nothing about a person is used"),
    "person.unrestricted": Entry(1, "it may be used again"),
    "quarantine.retried": Entry(1, "somebody asked that records in quarantine are tried again"),
    "quarantine.dropped": Entry(1, "quarantined records were dropped"),
    "queue.requeued": Entry(1, "jobs that had failed for good were queued anew: how many"),
    "readiness.kept": Entry(1, "how ready people are for key roles was kept for a month: counts, digest"),
    "rehearsal.made": Entry(
        1, "another brain, policy or prompts were tried in shadow: versions, people, how many would change"
    ),
    "request.declined": Entry(1, "what a person asked about their data is not done, with the reason"),
    "request.done": Entry(1, "it is done; of an erasure, afterwards"),
    "request.longer": Entry(1, "it takes up to three months, with the reason"),
    "request.made": Entry(1, "a person asked for a correction, a restriction or erasure: what, and by when"),
    "request.withdrawn": Entry(1, "a person no longer asks"),
    "retention.deleted": Entry(1, "rows were deleted when their time was over: kind, count, policy, digest of ids"),
    "retention.held": Entry(1, "a legal hold was placed"),
    "retention.released": Entry(1, "a legal hold ended"),
    "review.check_planted": Entry(1, "a known item was put before a reviewer"),
    "review.decided": Entry(1, "a human decided on an assertion"),
    "review.reassigned": Entry(1, "an item went to another reviewer"),
    "review.undone": Entry(1, "a decision was taken back by whoever had made it"),
    "reviewer.alarm": Entry(1, "somebody may be deciding without looking"),
    "reviewers.watched": Entry(1, "somebody looked at how reviewers decide"),
    "role.accepted": Entry(1, "a job of the HRIS became a profile"),
    "rollout.moved": Entry(1, "a pilot was moved to another phase: which, and the report that it rests on"),
    "rollout.reported": Entry(1, "a report of a pilot was kept: phase, verdict"),
    "run.cancelled": Entry(1, "assessments that were asked for go no further"),
    "run.concluded": Entry(1, "an assessment ended: versions, states, drops, digest of results"),
    "run.failed": Entry(1, "an assessment ended without a result"),
    "run.reinstated": Entry(1, "an earlier assessment is the present one again"),
    "run.requested": Entry(1, "somebody asked for assessments"),
    "run.started": Entry(1, "an assessment began: fingerprint, versions, evidence by id"),
    "session.ended": Entry(1, "somebody signed out"),
    "session.opened": Entry(1, "somebody signed in: by link or identity provider"),
    "session.refused": Entry(1, "signing in was refused"),
    "succession.imported": Entry(1, "key roles were taken in: source, counts"),
    "succession.nominated": Entry(2, "somebody was put on the list for a key role, or taken off: by whom, why"),
    "succession.objected": Entry(1, "somebody said that they do not want to be on a list, or took that back"),
    "taxonomy.answered": Entry(
        1, "somebody said yes or no to a change of the taxonomy, or amended, applied, reverted it"
    ),
    "taxonomy.moved": Entry(1, "somebody's results went to another run when a change was applied"),
    "taxonomy.proposed": Entry(1, "a change of the taxonomy was proposed"),
    "taxonomy.weighed": Entry(1, "agents weighed what the evidence says of the taxonomy: counts, models, hashes"),
    "webhooks.forgotten": Entry(1, "a subscription was forgotten"),
    "webhooks.subscribed": Entry(1, "events of another system were subscribed to"),
    "wish.stated": Entry(2, "somebody said what they want of a skill or an opening, or took it back"),
    "writeback.finished": Entry(1, "a write-back run ended: totals"),
    "writeback.switched": Entry(1, "write-back was paused or goes on"),
}

PUT_TOGETHER: Mapping[str, int] = {
    "ascertain/pipeline/disputes.py": 1,
    "ascertain/pipeline/notify.py": 1,
    "ascertain/pipeline/retain.py": 1,
    "ascertain/pipeline/review_desk.py": 1,
    "ascertain/pipeline/write_back.py": 1,
    "ascertain/pipeline/write_back_push.py": 1,
}
"""Where a name is put together of a state: ``notification.sent``, ``writeback.planned``, ``writeback.written`` …"""
