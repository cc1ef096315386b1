#include "sync/publisher/sources/header_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cloister::publisher {
namespace {

constexpr size_t kMaxFileBytes = 4096;
// Those that say how the answer is sent, or whether: the fetch itself has to know them.
constexpr absl::string_view kOurs[] = {
    "accept-encoding",    "connection",    "content-length", "expect", "host", "if-match",
    "if-modified-since",  "if-none-match", "if-range",       "range",  "te",   "transfer-encoding",
    "if-unmodified-since"};

// A token (RFC 9110, section 5.6.2).
bool IsToken(absl::string_view name) {
  constexpr absl::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && absl::c_all_of(name, [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != absl::string_view::npos;
  });
}

absl::StatusOr<std::string> HeaderLine(const std::string& name, const std::string& path) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("header ", name, ", file ", path, ": ", what));
  };
  // Links are followed: orchestrators put secrets where they belong by links.
  std::ifstream file(path, std::ios::binary);
  if (!file) return wrong(absl::StrCat("cannot be read: ", strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return wrong("longer than 4096 bytes");
  const absl::string_view value = absl::StripAsciiWhitespace(text);
  if (value.empty()) return wrong("empty; put the value there, on one line");
  const bool visible = absl::c_all_of(value, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (!visible) return wrong("must hold one line of visible ASCII characters");
  return absl::StrCat(name, ": ", value);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadHeaderFiles(
    const std::map<std::string, std::string>& files) {
  std::vector<std::string> lines;
  for (const auto& [name, path] : files) {
    if (!IsToken(name) || absl::c_linear_search(kOurs, absl::AsciiStrToLower(name))) {
      return absl::InvalidArgumentError(absl::StrCat("header_files: \"", absl::CHexEscape(name),
                                                     "\" is not the name of a header to send"));
    }
    absl::StatusOr<std::string> line = HeaderLine(name, path);
    if (!line.ok()) return line.status();
    lines.push_back(*std::move(line));
  }
  return lines;
}

std::vector<std::string> HeaderFileWarnings(const std::map<std::string, std::string>& files) {
  std::vector<std::string> warnings;
  for (const auto& [name, path] : files) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || (info.st_mode & S_IROTH) == 0) continue;
    warnings.push_back(absl::StrCat(path, ", the value of header ", name,
                                    ", can be read by everybody; run: chmod o-r ", path));
  }
  return warnings;
}

}  // namespace cloister::publisher
