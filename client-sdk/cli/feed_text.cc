#include "client-sdk/cli/feed_text.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace cloister::cli {
namespace {

constexpr int kMaxExamples = 5;

// "1 record", "2 records".
std::string Count(uint64_t number, absl::string_view noun) {
  return absl::StrCat(number, " ", noun, number == 1 ? "" : "s");
}

std::string ContentText(uint64_t records, uint32_t packs, uint64_t bytes) {
  return absl::StrCat(Count(records, "record"), " in ", Count(packs, "pack"), ", ",
                      BytesText(bytes));
}

std::string At(const google::protobuf::Timestamp& time) {
  return TimeText(absl::FromUnixSeconds(time.seconds()));
}

std::string HealthText(v1::FeedHealth health, const Terminal& terminal) {
  switch (health) {
    case v1::FEED_HEALTH_EMPTY:
      return terminal.Paint(Colour::kYellow, "EMPTY");
    case v1::FEED_HEALTH_SERVING:
      return terminal.Paint(Colour::kGreen, "SERVING");
    case v1::FEED_HEALTH_HELD:
      return terminal.Paint(Colour::kYellow, "HELD");
    case v1::FEED_HEALTH_UPDATE_REFUSED:
      return terminal.Paint(Colour::kRed, "UPDATE REFUSED");
    case v1::FEED_HEALTH_EXPIRED:
      return terminal.Paint(Colour::kRed, "EXPIRED");
    case v1::FEED_HEALTH_DAMAGED:
      return terminal.Paint(Colour::kRed, "DAMAGED");
    default:
      return "UNKNOWN";
  }
}

// Lines of a feed: a faint name, then what there is to say.
class Lines {
 public:
  explicit Lines(const Terminal& terminal) : terminal_(terminal) {}

  void Add(absl::string_view name, const std::string& value) {
    if (value.empty()) return;
    absl::StrAppend(&text_, "  ", terminal_.Paint(Colour::kFaint, absl::StrFormat("%-12s", name)),
                    Printable(value), "\n");
  }
  const std::string& text() const { return text_; }

 private:
  const Terminal& terminal_;
  std::string text_;
};

std::string Examples(const google::protobuf::RepeatedPtrField<std::string>& examples) {
  const int shown = std::min(examples.size(), kMaxExamples);
  return absl::StrCat(absl::StrJoin(examples.begin(), examples.begin() + shown, ", "),
                      examples.size() > shown ? ", …" : "");
}

const char* RedistributionText(v1::Redistribution redistribution) {
  switch (redistribution) {
    case v1::REDISTRIBUTION_ALLOWED:
      return "redistribution allowed";
    case v1::REDISTRIBUTION_INTERNAL:
      return "within the organisation only";
    case v1::REDISTRIBUTION_FORBIDDEN:
      return "redistribution forbidden";
    default:
      return "redistribution not stated";
  }
}

// "URLhaus (CC0-1.0), redistribution allowed; by abuse.ch; https://urlhaus.abuse.ch/"
std::string SourceText(const v1::FeedSource& source) {
  std::string text = source.name();
  if (!source.licence().empty()) absl::StrAppend(&text, " (", source.licence(), ")");
  absl::StrAppend(&text, ", ", RedistributionText(source.redistribution()));
  if (!source.attribution().empty()) absl::StrAppend(&text, "; by ", source.attribution());
  if (!source.url().empty()) absl::StrAppend(&text, "; ", source.url());
  return text;
}

void AddSources(const v1::Feed& feed, Lines* lines) {
  absl::string_view name = "from";
  for (const v1::FeedSource& source : feed.sources()) {
    lines->Add(name, SourceText(source));
    name = "";
  }
}

void AddPending(const v1::Feed& feed, Lines* lines) {
  if (!feed.has_pending()) return;
  const v1::PendingVersion& pending = feed.pending();
  std::string words = absl::StrCat("v", pending.version(), ", verified ", At(pending.taken_at()),
                                   ": ", HoldText(pending.reason()));
  if (pending.has_serves_at()) absl::StrAppend(&words, "; it serves ", At(pending.serves_at()));
  lines->Add("waiting", words);
  for (const std::string& line : pending.changes().lines()) lines->Add("", line);
  const std::string which = absl::StrCat(feed.name(), " ", pending.version());
  if (pending.reason() == v1::HOLD_REASON_PINNED) {
    lines->Add("next", absl::StrCat("cloister feeds diff ", which, ", then cloister feeds unpin ",
                                    feed.name(), " --reason …"));
  } else if (pending.reason() != v1::HOLD_REASON_REJECTED) {
    lines->Add("next", absl::StrCat("cloister feeds diff ", which, ", then cloister feeds accept ",
                                    which, " --reason … (or reject)"));
  }
}

void AddState(const v1::Feed& feed, Lines* lines) {
  if (feed.pinned_version() != 0) {
    lines->Add("pinned", absl::StrCat("to v", feed.pinned_version(), "; cloister feeds unpin ",
                                      feed.name(), " --reason … lets updates go on"));
  }
  AddPending(feed, lines);
  if (feed.masked_records() > 0) {
    lines->Add("masked", absl::StrCat(Count(feed.masked_records(), "record"),
                                      " of protected objects, which answers pass over: ",
                                      Examples(feed.masked_examples())));
  }
  if (!feed.reject_reason().empty()) {
    lines->Add("refused", absl::StrCat(feed.reject_reason(), ": ", feed.reject_message()));
  }
  if (feed.health() == v1::FEED_HEALTH_DAMAGED) {
    lines->Add("next", absl::StrCat("it is being built anew from sound packs; if this stays: "
                                    "cloister feeds verify ",
                                    feed.name(), ", then cloister feeds rebuild ", feed.name(),
                                    " --reason …"));
  }
  if (feed.health() == v1::FEED_HEALTH_EXPIRED) {
    lines->Add("next",
               "see whether cloister-sync gets through to the publisher, or import a newer "
               "bundle: cloister bundle import FILE");
  }
}

}  // namespace

std::string HoldText(v1::HoldReason reason) {
  switch (reason) {
    case v1::HOLD_REASON_MANUAL:
      return "it waits to be accepted, as configured";
    case v1::HOLD_REASON_HOLD_OFF:
      return "it has not been known for the configured time yet";
    case v1::HOLD_REASON_PINNED:
      return "the feed is pinned to another version";
    case v1::HOLD_REASON_MASS_CHANGE:
      return "it changes more of the records than is allowed";
    case v1::HOLD_REASON_REJECTED:
      return "it was rejected";
    default:
      return "";
  }
}

std::string FeedText(const v1::Feed& feed, const Terminal& terminal) {
  std::string text =
      absl::StrCat(HealthText(feed.health(), terminal), "  ", Printable(feed.name()));
  if (feed.version() > 0) {
    absl::StrAppend(&text, " v", feed.version(), ", ",
                    DurationText(std::chrono::seconds(feed.data_age_s())), " old");
  }
  Lines lines(terminal);
  if (feed.version() > 0) {
    lines.Add("holds", ContentText(feed.records(), feed.packs(), feed.pack_bytes()));
  }
  lines.Add("covers", absl::StrJoin(feed.coverage(), ", "));
  AddSources(feed, &lines);
  lines.Add("rank", absl::StrCat(feed.authoritative() ? "authoritative, " : "", "priority ",
                                 feed.priority()));
  if (feed.has_expires_at()) lines.Add("expires", At(feed.expires_at()));
  lines.Add("digest", feed.content_digest());
  AddState(feed, &lines);
  return absl::StrCat(text, "\n", lines.text());
}

std::string VersionText(absl::string_view feed, const v1::FeedVersionInfo& version) {
  const char* state = version.serving() ? "serving" : version.pending() ? "waiting" : "kept";
  return absl::StrFormat("%-9s%s v%d  published %s  %s\n", state, Printable(feed),
                         version.version(), At(version.published_at()),
                         ContentText(version.records(), version.packs(), version.pack_bytes()));
}

std::string ChangesText(const v1::VersionChanges& changes) {
  std::string text;
  const uint64_t total = changes.added() + changes.removed() + changes.changed();
  if (total == 0) {
    text = "  no verdict\n";
  } else {
    absl::StrAppend(&text, "  ", Count(total, "record"));
    if (changes.records_before() > 0) {
      absl::StrAppendFormat(
          &text, ", %.3g %% of the %d that serve",
          100.0 * static_cast<double>(total) / static_cast<double>(changes.records_before()),
          changes.records_before());
    }
    absl::StrAppend(&text, ":\n");
  }
  for (const std::string& line : changes.lines()) {
    absl::StrAppend(&text, "    ", Printable(line), "\n");
  }
  if (changes.protected_listed() > 0) {
    absl::StrAppend(&text, "  ", Count(changes.protected_listed(), "threat"),
                    " would be masked, for protected objects are listed: ",
                    Printable(Examples(changes.protected_examples())), "\n");
  }
  if (!changes.complete()) absl::StrAppend(&text, "  there is more: counting took too long\n");
  return text;
}

}  // namespace cloister::cli
