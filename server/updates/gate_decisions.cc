// What administrators decide about one feed.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/updates/feed_gate.h"

namespace cloister::server {
namespace {

using storage::FeedDirective;
using storage::ServedFeed;

// Makes a safety check in progress give way.
class GiveWay {
 public:
  explicit GiveWay(std::atomic<int>* waiting) : waiting_(waiting) { ++*waiting_; }
  GiveWay(const GiveWay&) = delete;
  GiveWay& operator=(const GiveWay&) = delete;
  ~GiveWay() { --*waiting_; }

 private:
  std::atomic<int>* waiting_;
};

}  // namespace

storage::AuditEvent FeedGate::Event(const Decision& decision, absl::string_view action,
                                    absl::string_view what) const {
  return {.at = options_.clock(),
          .actor = decision.actor,
          .action = std::string(action),
          .detail = absl::StrCat(options_.feed, what, ": ", decision.reason)};
}

absl::Status FeedGate::Decree(const FeedDirective& directive, const storage::AuditEvent& event,
                              uint64_t version) {
  const FeedDirective before = directive_;
  absl::Status written = options_.store->SetDirective(options_.feed, directive, event);
  if (!written.ok()) return written;
  directive_ = directive;
  retry_at_ = absl::InfinitePast();
  absl::Status served;
  if (version != 0 && version != Served().version) {
    const bool rollback = directive.pinned == version;
    served = ServeKept(version, rollback ? "rollback" : "accepted");
  }
  if (!served.ok()) {
    // It must not happen by itself later, when nobody expects it any more.
    storage::AuditEvent failed = event;
    failed.action += ".failed";
    failed.detail = absl::StrCat(options_.feed, ": ", served.message());
    if (options_.store->SetDirective(options_.feed, before, failed).ok()) directive_ = before;
  }
  RefreshPending(options_.clock());
  return served;
}

absl::StatusOr<ServedFeed> FeedGate::WaitingAs(uint64_t version) const {
  std::optional<ServedFeed> waiting = Waiting();
  if (waiting && waiting->version == version) return *std::move(waiting);
  return absl::FailedPreconditionError(
      absl::StrCat("feed ", options_.feed, ": version ", version, " does not wait; ",
                   waiting ? absl::StrCat("version ", waiting->version, " does") : "none does"));
}

absl::Status FeedGate::Accept(uint64_t version, const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  if (absl::StatusOr<ServedFeed> waiting = WaitingAs(version); !waiting.ok()) {
    return waiting.status();
  }
  if (directive_.pinned != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "feed ", options_.feed, " is pinned to version ", directive_.pinned, "; unpin it first"));
  }
  FeedDirective directive = directive_;
  directive.accepted = version;
  if (directive.rejected == version) directive.rejected = 0;
  return Decree(directive, Event(decision, "feed.accept", absl::StrCat(" version ", version)),
                version);
}

absl::Status FeedGate::Reject(uint64_t version, const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  if (absl::StatusOr<ServedFeed> waiting = WaitingAs(version); !waiting.ok()) {
    return waiting.status();
  }
  FeedDirective directive = directive_;
  directive.rejected = version;
  if (directive.accepted == version) directive.accepted = 0;
  absl::Status done =
      Decree(directive, Event(decision, "feed.reject", absl::StrCat(" version ", version)), 0);
  if (done.ok()) take_again_ = true;  // what had to come later may come now
  return done;
}

absl::StatusOr<uint64_t> FeedGate::RollbackTarget(uint64_t version) const {
  absl::StatusOr<std::vector<ServedFeed>> kept = options_.store->KeptVersions(options_.feed);
  if (!kept.ok()) return kept.status();
  const uint64_t served = Served().version;
  uint64_t target = 0;
  for (const ServedFeed& one : *kept) {
    if (version != 0 ? one.version == version : one.version < served) {
      target = std::max(target, one.version);
    }
  }
  if (target != 0) return target;
  if (version == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", options_.feed, ": no version older than ", served, " is kept"));
  }
  return absl::NotFoundError(
      absl::StrCat("feed ", options_.feed, ": version ", version, " is not kept; these are: ",
                   absl::StrJoin(*kept, ", ", [](std::string* out, const ServedFeed& one) {
                     absl::StrAppend(out, one.version);
                   })));
}

absl::StatusOr<uint64_t> FeedGate::Rollback(uint64_t version, const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  absl::StatusOr<uint64_t> target = RollbackTarget(version);
  if (!target.ok()) return target.status();
  FeedDirective directive = directive_;
  directive.pinned = *target;
  // What was rolled back from needs a new acceptance.
  if (directive.accepted > *target) directive.accepted = 0;
  absl::Status done =
      Decree(directive,
             Event(decision, "feed.rollback",
                   absl::StrCat(" from version ", Served().version, " to ", *target)),
             *target);
  if (!done.ok()) return done;
  return *target;
}

absl::Status FeedGate::Pin(const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  const uint64_t version = Served().version;
  if (version == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", options_.feed, " serves nothing that it could be pinned to"));
  }
  FeedDirective directive = directive_;
  directive.pinned = version;
  return Decree(directive, Event(decision, "feed.pin", absl::StrCat(" to version ", version)), 0);
}

absl::Status FeedGate::Unpin(const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  if (directive_.pinned == 0) {
    return absl::FailedPreconditionError(absl::StrCat("feed ", options_.feed, " is not pinned"));
  }
  FeedDirective directive = directive_;
  directive.pinned = 0;
  absl::Status done =
      Decree(directive,
             Event(decision, "feed.unpin", absl::StrCat(" from version ", directive_.pinned)), 0);
  // What came meanwhile may not be kept any more.
  if (done.ok()) take_again_ = true;
  return done;
}

absl::StatusOr<ChangeSummary> FeedGate::Diff(uint64_t version) const {
  const ServedFeed served = Served();
  if (version == served.version && version != 0) {
    ChangeSummary nothing;
    nothing.records_before = served.records;
    return nothing;
  }
  SafetyCheckOptions options = CheckOptions();
  options.interrupted = &stopped_;
  absl::StatusOr<SafetyCheckResult> counted = RunSafetyCheck(
      [this, version](const storage::RecordChangeVisitor& visit) {
        return options_.store->CompareKept(options_.feed, version, visit);
      },
      served.records, options);
  if (!counted.ok()) return counted.status();
  return counted->changes;
}

absl::StatusOr<storage::RebuildReport> FeedGate::Rebuild(const Decision& decision) {
  GiveWay give_way(&decisions_);
  absl::MutexLock lock(&operation_);
  absl::Status audited = options_.store->AppendAudit(Event(decision, "feed.rebuild", ""));
  if (!audited.ok()) return audited;
  const uint64_t before = Served().version;
  absl::StatusOr<storage::RebuildReport> report = options_.store->Rebuild(options_.feed);
  const ServedFeed served = Served();
  if (report.ok()) {
    {
      absl::MutexLock view(&view_);
      const bool older = record_.version > served.version && directive_.pinned != served.version;
      fell_back_ = served.version != 0 && (older || !report->complete);
      masked_known_ = masked_known_ && served.version == before;
      ++serves_begun_;
      if (served.version != before) since_ = options_.clock();
    }
    take_again_ = true;  // for packs that went, and for what was refused upon damaged data
    RefreshPending(options_.clock());
  }
  options_.observer->OnRebuilt(options_.feed, report);
  if (served.version != before) {
    options_.observer->OnServing(options_.feed, served.version, options_.clock(), "rebuild");
  }
  return report;
}

}  // namespace cloister::server
