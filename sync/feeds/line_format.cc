#include "sync/feeds/line_format.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "reputation/ip_address.h"
#include "reputation/label.h"

namespace cloister::feeds {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

bool StartsComment(absl::string_view text) {
  return text.front() == '#' || text.front() == ';' || absl::StartsWith(text, "//");
}

// Bytes of the well-formed UTF-8 character (RFC 3629) that `text` starts with; 0 if there is none.
size_t CharacterSize(absl::string_view text) {
  const auto byte = [text](size_t i) -> int {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto follows = [&byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const int first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf && follows(1)) return 2;
  if (first >= 0xe0 && first <= 0xef && follows(1) && follows(2)) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4 && follows(1) && follows(2) && follows(3)) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool beyond = first == 0xf4 && byte(1) >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

// What a terminal obeys (C0, DEL, C1), or what turns the direction of the text around it (U+202A to
// U+202E, U+2066 to U+2069).
bool IsControl(absl::string_view character) {
  if (character.size() == 1) return absl::ascii_iscntrl(character.front());
  if (character.size() == 2) return character >= "\xc2\x80" && character <= "\xc2\x9f";
  return (character >= "\xe2\x80\xaa" && character <= "\xe2\x80\xae") ||
         (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9");
}

}  // namespace

absl::Status LineFormat::ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) {
  FeedOutput output(sink, report);
  Begin();
  while (lines.Next()) {
    MayTellProgress(lines.number(), "lines");
    absl::string_view line = lines.line();
    if (lines.number() == 1) absl::ConsumePrefix(&line, kByteOrderMark);
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const RowPlace place{lines.number(), line};
    if (lines.cut()) {
      output.Reject({RowFault::kMalformed, "the line is too long"}, place);
      continue;
    }
    absl::Status taken = TakeLine(line, place, output);
    if (!taken.ok()) return taken;
  }
  return lines.status();
}

absl::Status TakeAll(const ListingsOrFault& listings, const RowPlace& place, FeedOutput& output) {
  if (const Fault* fault = std::get_if<Fault>(&listings)) {
    output.Reject(*fault, place);
    return absl::OkStatus();
  }
  for (const Listing& listing : std::get<std::vector<Listing>>(listings)) {
    absl::Status taken = output.Take(listing, place);
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

ListingsOrFault WithoutScopeOfAddresses(ListingsOrFault listings) {
  if (auto* all = std::get_if<std::vector<Listing>>(&listings)) {
    for (Listing& one : *all) {
      if (one.kind == reputation::ObjectKind::kIp) one.scope.reset();
    }
  }
  return listings;
}

bool IsNowhere(absl::string_view address) {
  const absl::StatusOr<reputation::IpAddress> parsed = reputation::IpAddress::Parse(address);
  if (!parsed.ok()) return false;
  const std::string text = parsed->ToString();
  return text == "0.0.0.0" || text == "::" || text == "::1" || absl::StartsWith(text, "127.");
}

absl::string_view WithoutComment(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (line.empty() || line.front() == '!' || StartsComment(line)) return {};
  for (size_t i = 1; i < line.size(); ++i) {
    if (!absl::ascii_isspace(line[i - 1]) || !StartsComment(line.substr(i))) continue;
    return absl::StripTrailingAsciiWhitespace(line.substr(0, i));
  }
  return line;
}

std::string FitLabel(absl::string_view text) {
  const size_t room = reputation::kMaxLabelTextBytes;
  std::string fit;
  text = absl::StripAsciiWhitespace(text);
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const bool good = size > 0 && !IsControl(text.substr(0, size));
    const absl::string_view piece = good ? text.substr(0, size) : "?";
    if (fit.size() + piece.size() > room) break;
    fit.append(piece.data(), piece.size());
    text.remove_prefix(size > 0 ? size : 1);
  }
  return fit;
}

}  // namespace cloister::feeds
