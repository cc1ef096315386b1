#include "reputation/source_note.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "reputation/utf8.h"

namespace cloister::reputation {
namespace {

constexpr absl::string_view kNames[] = {"unstated", "allowed", "internal", "forbidden"};

struct Field {
  const char* name;
  std::string SourceNote::*text;
  size_t max_bytes;
};
constexpr Field kFields[] = {{"name", &SourceNote::name, 64},
                             {"licence", &SourceNote::licence, 128},
                             {"attribution", &SourceNote::attribution, 256},
                             {"url", &SourceNote::url, 256}};

// C0, DEL and, in UTF-8, C1: what a terminal may take for a command.
bool HasControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

absl::string_view Problem(const SourceNote& note, const Field& field) {
  const std::string& text = note.*field.text;
  if (text.size() > field.max_bytes) return "is too long";
  if (!IsUtf8(text)) return "is not UTF-8";
  if (HasControlCharacter(text)) return "has a control character";
  return "";
}

}  // namespace

absl::string_view RedistributionName(Redistribution redistribution) {
  return kNames[static_cast<size_t>(redistribution)];
}

std::optional<Redistribution> RedistributionFromName(absl::string_view name) {
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Redistribution>(found - std::begin(kNames));
}

absl::Status CheckSourceNotes(const std::vector<SourceNote>& notes) {
  if (notes.size() > kMaxSourceNotes) {
    return absl::InvalidArgumentError(
        absl::StrCat(notes.size(), " sources; at most ", kMaxSourceNotes, " can be stated"));
  }
  std::set<absl::string_view> names;
  for (size_t i = 0; i < notes.size(); ++i) {
    const std::string place = absl::StrCat("source ", i + 1, ": ");
    if (notes[i].name.empty()) return absl::InvalidArgumentError(absl::StrCat(place, "no name"));
    for (const Field& field : kFields) {
      const absl::string_view problem = Problem(notes[i], field);
      if (problem.empty()) continue;
      return absl::InvalidArgumentError(absl::StrCat(place, field.name, " ", problem, "; at most ",
                                                     field.max_bytes,
                                                     " bytes of UTF-8 without control characters"));
    }
    if (!names.insert(notes[i].name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, "a source before it is named ", notes[i].name, ", too"));
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::reputation
