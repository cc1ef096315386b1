#include "client-sdk/cli/answer_text.h"

#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace cloister::cli {
namespace {

// "not_listed" as "NOT LISTED".
std::string Loud(std::string_view name) {
  return absl::StrReplaceAll(absl::AsciiStrToUpper(absl::string_view(name.data(), name.size())),
                             {{"_", " "}});
}

Colour ColourOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMalicious:
      return Colour::kRed;
    case Verdict::kUnwanted:
    case Verdict::kSuspicious:
      return Colour::kYellow;
    case Verdict::kTrusted:
    case Verdict::kKnown:
      return Colour::kGreen;
    case Verdict::kNone:
      break;
  }
  return Colour::kNone;
}

std::string FeedText(const std::string& feed, uint64_t version, std::chrono::seconds age) {
  if (version == 0) return absl::StrCat(Printable(feed), " (serves nothing yet)");
  return absl::StrCat(Printable(feed), " v", version, ", ", DurationText(age), " old");
}

void PrintLine(const Terminal& terminal, absl::string_view name, absl::string_view value) {
  if (value.empty()) return;
  *terminal.out << "  " << terminal.Paint(Colour::kFaint, absl::StrFormat("%-12s", name)) << value
                << "\n";
}

std::string ThreatText(const Match& match) {
  std::string text = Printable(match.threat_name);
  std::vector<std::string> names;
  for (const Category category : match.categories) names.emplace_back(Name(category));
  if (names.empty()) return text;
  return absl::StrCat(text, text.empty() ? "" : " ", "(", absl::StrJoin(names, ", "), ")");
}

std::string SoftwareText(const SoftwareIdentity& software) {
  std::vector<std::string> words;
  for (const std::string* word : {&software.product, &software.version}) {
    if (!word->empty()) words.push_back(Printable(*word));
  }
  if (!software.vendor.empty()) words.push_back(absl::StrCat("by ", Printable(software.vendor)));
  return absl::StrJoin(words, " ");
}

void PrintSeen(const Terminal& terminal, const Match& match) {
  const auto day = [](TimePoint time) { return TimeText(time).substr(0, 10); };
  if (match.first_seen.has_value() && match.last_seen.has_value()) {
    PrintLine(terminal, "seen",
              absl::StrCat(day(*match.first_seen), " to ", day(*match.last_seen)));
  } else if (match.first_seen.has_value()) {
    PrintLine(terminal, "first seen", day(*match.first_seen));
  } else if (match.last_seen.has_value()) {
    PrintLine(terminal, "last seen", day(*match.last_seen));
  }
}

void PrintMatch(const Terminal& terminal, const Match& match) {
  PrintLine(terminal, "matched", Printable(match.matched_expression));
  PrintLine(terminal, "threat", ThreatText(match));
  PrintLine(terminal, "software", SoftwareText(match.software));
  if (match.confidence > 0) PrintLine(terminal, "confidence", absl::StrCat(match.confidence, "%"));
  PrintSeen(terminal, match);
  if (match.valid_until.has_value()) {
    PrintLine(terminal, "valid until", TimeText(*match.valid_until));
  }
  PrintLine(terminal, "source", SourceText(match));
}

std::string ConsultedText(const Answer& answer) {
  return absl::StrJoin(answer.feeds, "; ", [](std::string* out, const FeedState& feed) {
    absl::StrAppend(out, FeedText(feed.feed, feed.version, feed.data_age));
  });
}

}  // namespace

std::string VerdictText(Verdict verdict, const Terminal& terminal) {
  return terminal.Paint(ColourOf(verdict), Loud(Name(verdict)));
}

std::string Headline(const Answer& answer, const Terminal& terminal) {
  if (answer.status == AnswerStatus::kListed) return VerdictText(answer.verdict(), terminal);
  return Loud(Name(answer.status));
}

std::string SourceText(const Match& match) {
  if (match.layer == Layer::kOverride) return "override";
  const absl::string_view layer =
      match.layer == Layer::kAuthoritativeFeed ? "authoritative feed " : "feed ";
  return absl::StrCat(layer, FeedText(match.feed, match.feed_version, match.data_age));
}

void PrintAnswer(const Terminal& terminal, const std::string& object, const Answer& answer) {
  *terminal.out << Headline(answer, terminal) << "  " << object << "\n";
  if (answer.winner() != nullptr) PrintMatch(terminal, *answer.winner());
  PrintLine(terminal, "consulted", ConsultedText(answer));
  for (size_t i = 1; i < answer.matches.size(); ++i) {
    const Match& match = answer.matches[i];
    PrintLine(terminal, "outranked",
              absl::StrCat(VerdictText(match.verdict, terminal), " by ", SourceText(match)));
  }
  if (answer.status == AnswerStatus::kNotCovered) {
    PrintLine(terminal, "note", "no feed that serves covers this kind of object");
  }
  if (answer.status == AnswerStatus::kPartial) {
    PrintLine(terminal, "note",
              "part of the data cannot be read just now and may list it; "
              "the server's database may be damaged");
  }
  PrintLine(terminal, answer.status == AnswerStatus::kError ? "error" : "note",
            Printable(answer.error_message));
}

void PrintAnswerLine(const Terminal& terminal, const std::string& object, const Answer& answer) {
  *terminal.out << Headline(answer, terminal) << "  " << object;
  if (const Match* winner = answer.winner(); winner != nullptr) {
    const std::string threat = ThreatText(*winner);
    const std::string software = SoftwareText(winner->software);
    for (const std::string& text : {threat, software, SourceText(*winner)}) {
      if (!text.empty()) *terminal.out << "  " << text;
    }
  }
  if (!answer.error_message.empty()) *terminal.out << "  " << Printable(answer.error_message);
  *terminal.out << "\n";
}

}  // namespace cloister::cli
