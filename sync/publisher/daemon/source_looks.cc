#include "sync/publisher/daemon/source_looks.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/daemon/log.h"
#include "sync/publisher/publication/source_files.h"
#include "sync/transport/http/retry_after.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kFirstRetry = absl::Seconds(15);

std::string Ages(const std::vector<std::string>& late) {
  std::string text;
  for (const std::string& one : late) absl::StrAppend(&text, text.empty() ? "" : "; ", one);
  return text;
}

std::string Age(absl::Time since, absl::Time now) {
  if (since == absl::InfinitePast()) return "never yet";
  return absl::StrCat("last ", absl::FormatDuration(absl::Floor(now - since, absl::Seconds(1))),
                      " ago");
}

}  // namespace

absl::StatusOr<std::string> FilesFingerprint(const std::string& path, const std::string& format) {
  const auto files = FindSourceFiles(path, format);
  if (!files.ok()) return files.status();
  storage::Sha256Stream hash;
  for (const std::string& file : *files) {
    struct stat info {};
    if (stat(file.c_str(), &info) != 0) {
      return absl::NotFoundError(absl::StrCat("cannot examine ", file, ": ", strerror(errno)));
    }
    hash.Update(absl::StrCat(file, "\n", info.st_size, " ", info.st_ino, " ", info.st_mtim.tv_sec,
                             ".", info.st_mtim.tv_nsec, "\n"));
  }
  const reputation::Sha256Bytes digest = hash.Finish();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

SourceLooks::SourceLooks(const Publication& publication, const std::vector<SourceState>& known,
                         SourceCopies* copies)
    : publication_(publication), copies_(copies) {
  for (const PublicationSource& source : publication.sources) {
    const auto found =
        absl::c_find_if(known, [&](const SourceState& state) { return state.name == source.name; });
    states_.push_back(found != known.end() ? *found : SourceState{});
    states_.back().name = source.name;
    // What a server asked for holds over a restart; what failed may have been mended.
    states_.back().next_look = states_.back().not_before;
  }
}

absl::Status SourceLooks::Look(const PublicationSource& source, absl::Time now,
                               SourceState* state) {
  if (source.web.has_value()) {
    const auto copy = copies_->Fetch(source.name, source.format, *source.web, now, nullptr);
    if (!copy.ok()) return copy.status();
    state->seen = copy->digest;
    // A good copy is one that was published, by whatever run of the program.
    if (!copy->changed) state->published = copy->digest;
    return absl::OkStatus();
  }
  const auto fingerprint = FilesFingerprint(source.path, source.format);
  if (fingerprint.ok()) state->seen = *fingerprint;
  return fingerprint.status();
}

void SourceLooks::Saw(const PublicationSource& source, const absl::Status& look, absl::Time now,
                      SourceState* state) {
  state->looked_at = now;
  if (look.ok()) {
    if (!state->error.empty()) Log(Severity::kInfo, "source_is_back", {{"source", state->name}});
    state->failures = 0;
    state->error.clear();
    if (state->seen == state->published) state->vouched_at = now;
    return;
  }
  ++state->failures;
  state->error = std::string(look.message());
  // More and more rarely while it stays away: the status tells it always.
  if ((state->failures & (state->failures - 1)) == 0) {
    Log(Severity::kWarning, "source_failed",
        {{"source", source.name},
         {"failures", absl::StrCat(state->failures)},
         {"message", state->error}});
  }
}

absl::Status SourceLooks::LookAtDue(absl::Time now, double jitter) {
  constexpr uint32_t kMaxDoublings = 16;
  const absl::Duration interval = publication_.schedule.interval;
  for (size_t i = 0; i < states_.size(); ++i) {
    SourceState& state = states_[i];
    if (state.next_look > now && state.looked_at <= now) continue;
    const absl::Status look = Look(publication_.sources[i], now, &state);
    if (absl::IsCancelled(look)) return look;
    Saw(publication_.sources[i], look, now, &state);
    absl::Duration delay = interval;
    if (state.failures > 0) {
      const uint32_t doublings = std::min(state.failures - 1, kMaxDoublings);
      delay = std::min(kFirstRetry * (int64_t{1} << doublings), interval);
    }
    delay = delay * (1 + 0.1 * jitter);
    state.not_before = now + transport::RetryAfterOf(look);
    state.next_look = std::max(now + delay, state.not_before);
  }
  return absl::OkStatus();
}

void SourceLooks::LookAtAllNext() {
  for (SourceState& state : states_) state.next_look = state.not_before;
}

absl::Time SourceLooks::NextLook() const {
  absl::Time next = absl::InfiniteFuture();
  for (const SourceState& state : states_) next = std::min(next, state.next_look);
  return next;
}

bool SourceLooks::Changed() const {
  return absl::c_any_of(states_,
                        [](const SourceState& state) { return state.seen != state.tried; });
}

absl::Status SourceLooks::CheckAges(absl::Time now) const {
  std::vector<std::string> late;
  for (size_t i = 0; i < states_.size(); ++i) {
    const PublicationSource& source = publication_.sources[i];
    if (states_[i].error.empty()) continue;
    absl::Time had = absl::InfinitePast();
    if (source.web.has_value()) {
      const auto copy = copies_->Newest(source.name);
      if (copy.ok()) had = copy->fetched_at;
    }
    if (now - had <= source.use_last_copy_for) continue;
    late.push_back(absl::StrCat("source \"", source.name, "\" could not be had (", Age(had, now),
                                "): ", states_[i].error));
  }
  return late.empty() ? absl::OkStatus() : absl::UnavailableError(Ages(late));
}

absl::Status SourceLooks::CheckVouching(absl::Time now) const {
  std::vector<std::string> late;
  for (size_t i = 0; i < states_.size(); ++i) {
    const SourceState& state = states_[i];
    // A look or two may fail, whatever the source allows.
    const absl::Duration allowed =
        std::max(publication_.sources[i].use_last_copy_for, 3 * publication_.schedule.interval);
    if (now - state.vouched_at <= allowed) continue;
    late.push_back(absl::StrCat("what is published of source \"", state.name, "\" was found there ",
                                Age(state.vouched_at, now), state.error.empty() ? "" : ", ",
                                state.error));
  }
  return late.empty() ? absl::OkStatus() : absl::UnavailableError(Ages(late));
}

void SourceLooks::Tried() {
  for (SourceState& state : states_) state.tried = state.seen;
}

void SourceLooks::Published(absl::Time now) {
  for (size_t i = 0; i < states_.size(); ++i) {
    SourceState& state = states_[i];
    const PublicationSource& source = publication_.sources[i];
    state.published = state.tried;
    if (source.web.has_value()) {
      // A copy that its reader refused is not what was published: the one before it is.
      const auto copy = copies_->Last(source.name);
      state.published = copy.ok() ? copy->digest : "";
    }
    if (state.error.empty() && state.published == state.seen) state.vouched_at = now;
  }
}

}  // namespace cloister::publisher
