#include "deploy/describe/man_text.h"

#include <cstdint>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cloister::describe {
namespace {

// In the order in which man-pages(7) wants them.
constexpr const char* kHeadings[] = {"DESCRIPTION", "EXIT STATUS", "SIGNALS", "CONFIGURATION",
                                     "EXAMPLES"};

struct Opening {
  const char* words;  // that begin a paragraph
  const char* heading;
  bool stays;  // the words are part of the text
};
constexpr Opening kOpenings[] = {
    {"Examples:", "EXAMPLES", false},           {"Example:", "EXAMPLES", false},
    {"Examples, ", "EXAMPLES", true},           {"Example, ", "EXAMPLES", true},
    {"Exit codes:", "EXIT STATUS", false},      {"Signals:", "SIGNALS", false},
    {"A configuration", "CONFIGURATION", true},
};

// The code point at `*at`, which is moved behind it. The text is our own: well-formed UTF-8.
uint32_t NextCodePoint(absl::string_view text, size_t* at) {
  const auto lead = static_cast<unsigned char>(text[(*at)++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t point = lead & (0x3f >> more);
  for (int i = 0; i < more && *at < text.size(); ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[(*at)++]) & 0x3f);
  }
  return point;
}

// Builds the sections line by line.
class Writer {
 public:
  void Add(absl::string_view line) {
    if (line.empty()) {
      CloseBlock();
      paragraph_ = true;
      return;
    }
    if (absl::StartsWith(line, " ")) {
      OpenBlock();
      absl::StrAppend(&text(), ManEscaped(absl::StripPrefix(line, "  ")), "\n");
      return;
    }
    const bool after_block = block_;
    CloseBlock();
    AddText(line, paragraph_ || after_block);
  }

  std::vector<ManSection> Finish() {
    CloseBlock();
    std::vector<ManSection> sections;
    for (const char* heading : kHeadings) {
      const auto found = texts_.find(heading);
      if (found != texts_.end()) sections.push_back({heading, found->second});
    }
    return sections;
  }

 private:
  std::string& text() { return texts_[heading_]; }

  void AddText(absl::string_view line, bool begins) {
    for (const Opening& opening : kOpenings) {
      if (!absl::StartsWith(line, opening.words)) continue;
      heading_ = opening.heading;
      paragraph_ = true;
      if (!opening.stays) {
        line = absl::StripAsciiWhitespace(absl::StripPrefix(line, opening.words));
      }
      AddLine(line);
      return;
    }
    if (paragraph_ && !block_was_last_) heading_ = "DESCRIPTION";
    paragraph_ = begins;
    AddLine(line);
  }

  void AddLine(absl::string_view line) {
    block_was_last_ = false;
    if (line.empty()) return;
    if (paragraph_ && !text().empty()) absl::StrAppend(&text(), ".PP\n");
    paragraph_ = false;
    absl::StrAppend(&text(), ManEscaped(line), "\n");
  }

  void OpenBlock() {
    if (block_) return;
    absl::StrAppend(&text(), text().empty() ? "" : ".PP\n", ".RS 4\n.nf\n");
    block_ = true;
  }

  void CloseBlock() {
    if (!block_) return;
    absl::StrAppend(&text(), ".fi\n.RE\n");
    block_ = false;
    block_was_last_ = true;
    paragraph_ = true;
  }

  std::map<std::string, std::string> texts_;
  std::string heading_ = "DESCRIPTION";
  bool block_ = false;           // of lines that stay as they are
  bool block_was_last_ = false;  // what follows may belong to it
  bool paragraph_ = true;        // a new one begins with the next line of text
};

}  // namespace

std::string ManEscaped(absl::string_view text) {
  static const auto& kEscapes = *new std::map<uint32_t, const char*>{
      {'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'`', "\\(ga"},
      {'^', "\\(ha"}, {'~', "\\(ti"}, {0x2026, "..."}};
  std::string escaped;
  for (size_t at = 0; at < text.size();) {
    const uint32_t point = NextCodePoint(text, &at);
    const auto found = kEscapes.find(point);
    if (found != kEscapes.end()) {
      escaped += found->second;
    } else if (point < 0x80) {
      escaped += static_cast<char>(point);
    } else {
      absl::StrAppendFormat(&escaped, "\\[u%04X]", point);
    }
  }
  // A dot in front would be a request.
  return absl::StartsWith(escaped, ".") ? "\\&" + escaped : escaped;
}

std::string ManBold(absl::string_view text) {
  return absl::StrCat("\\fB", ManEscaped(text), "\\fR");
}

std::string ManItalic(absl::string_view text) {
  return absl::StrCat("\\fI", ManEscaped(text), "\\fR");
}

std::vector<ManSection> ManSections(absl::string_view about, absl::string_view footer) {
  Writer writer;
  for (const absl::string_view part : {about, footer}) {
    for (const absl::string_view line : absl::StrSplit(part, '\n')) writer.Add(line);
    writer.Add("");
  }
  return writer.Finish();
}

}  // namespace cloister::describe
