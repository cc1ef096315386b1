#include "sync/feeds/debian_packages.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/digest.h"
#include "reputation/purl.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using reputation::LookupKey;
using reputation::Verdict;

constexpr absl::string_view kVendor = "Debian";

// The fields that count, by their names in the index.
struct Stanza {
  uint64_t line = 0;  // where it starts
  std::string package;
  std::string version;
  std::string architecture;
  std::string sha256;
  bool any = false;

  std::string* Field(absl::string_view name) {
    if (absl::EqualsIgnoreCase(name, "Package")) return &package;
    if (absl::EqualsIgnoreCase(name, "Version")) return &version;
    if (absl::EqualsIgnoreCase(name, "Architecture")) return &architecture;
    if (absl::EqualsIgnoreCase(name, "SHA256")) return &sha256;
    return nullptr;
  }
};

bool HasOnly(absl::string_view text, absl::string_view punctuation) {
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains(punctuation, c)) return false;
  }
  return true;
}

std::optional<Fault> StanzaFault(const Stanza& stanza) {
  const std::array<std::pair<absl::string_view, const std::string*>, 4> needed = {{
      {"Package", &stanza.package},
      {"Version", &stanza.version},
      {"Architecture", &stanza.architecture},
      {"SHA256", &stanza.sha256},
  }};
  for (const auto& [name, value] : needed) {
    if (value->empty()) {
      return Fault{RowFault::kMissingField, absl::StrCat("the stanza has no ", name)};
    }
  }
  // Debian Policy 5.6.1 and 5.6.12; the rest would not survive in a package URL unchanged.
  if (!HasOnly(stanza.package, "+-.")) {
    return Fault{RowFault::kBadValue, "a character that cannot stand in Package"};
  }
  if (!HasOnly(stanza.version, "+-.~:")) {
    return Fault{RowFault::kBadValue, "a character that cannot stand in Version"};
  }
  if (!HasOnly(stanza.architecture, "-")) {
    return Fault{RowFault::kBadValue, "a character that cannot stand in Architecture"};
  }
  return std::nullopt;
}

class DebianPackagesFeed : public LineFeedReader {
 public:
  explicit DebianPackagesFeed(Verdict verdict) : verdict_(verdict) {}

  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) override {
    Stanza stanza;
    while (lines.Next()) {
      MayTellProgress(lines.number(), "lines");
      if (absl::StripAsciiWhitespace(lines.line()).empty()) {
        absl::Status passed = Finish(std::exchange(stanza, {}), sink, report);
        if (!passed.ok()) return passed;
        continue;
      }
      if (!stanza.any) stanza.line = lines.number();
      stanza.any = true;
      absl::Status taken = TakeLine(lines, &stanza);
      if (!taken.ok()) return taken;
    }
    if (!lines.status().ok()) return lines.status();
    return Finish(stanza, sink, report);
  }

 private:
  // Only a file that does not begin like an index is an error; later on, a strange line is left
  // to the check of its stanza.
  absl::Status TakeLine(const LineReader& lines, Stanza* stanza) {
    const absl::string_view line = lines.line();
    if (line.front() == ' ' || line.front() == '\t') return absl::OkStatus();
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) {
      if (lines.number() > 1) return absl::OkStatus();
      return absl::InvalidArgumentError(
          "line 1: not a Debian Packages index, which starts with a field such as 'Package: …'");
    }
    std::string* field = stanza->Field(line.substr(0, colon));
    if (field != nullptr) {
      *field = std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(const Stanza& stanza, const EntrySink& sink, FeedReport* report) {
    if (!stanza.any) return absl::OkStatus();
    reputation::Label label;
    label.product = stanza.package;
    label.vendor = std::string(kVendor);
    label.version = stanza.version;

    std::optional<Fault> fault = StanzaFault(stanza);
    if (!fault.has_value()) fault = LabelFault(label);
    absl::StatusOr<reputation::Digest> digest = reputation::Digest::FromHex(stanza.sha256);
    if (!fault.has_value() &&
        (!digest.ok() || digest->algorithm() != reputation::DigestAlgorithm::kSha256)) {
      fault = Fault{RowFault::kBadValue, "SHA256 is not 64 hexadecimal digits"};
    }
    if (fault.has_value()) {
      report->Reject(*fault, stanza.line, absl::StrCat("Package: ", stanza.package));
      return absl::OkStatus();
    }
    report->CountRow();
    return PassEntries(stanza, *digest, label, {&sink, report});
  }

  struct Output {
    const EntrySink* sink;
    FeedReport* report;
  };

  absl::Status PassEntries(const Stanza& stanza, const reputation::Digest& digest,
                           const reputation::Label& label, const Output& output) {
    reputation::PackageUrl purl;
    purl.type = "deb";
    purl.name_space = "debian";
    purl.name = absl::AsciiStrToLower(stanza.package);
    purl.version = stanza.version;
    const std::string plain = purl.ToString();
    purl.qualifiers["arch"] = stanza.architecture;
    const std::string qualified = purl.ToString();

    reputation::Record known;
    known.verdict = Verdict::kKnown;
    reputation::Record file = known;
    file.verdict = verdict_;
    const FeedEntry entries[] = {
        {LookupKey::ForFile(digest), file, label, stanza.sha256},
        {LookupKey::ForPurl(plain), known, label, plain},
        {LookupKey::ForPurl(qualified), known, label, qualified},
    };
    for (const FeedEntry& entry : entries) {
      output.report->CountEntry(entry.key.kind());
      absl::Status passed = (*output.sink)(entry);
      if (!passed.ok()) return passed;
    }
    return absl::OkStatus();
  }

  Verdict verdict_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewDebianPackagesFeed(const FeedOptions& options) {
  const Verdict verdict = options.verdict.value_or(Verdict::kKnown);
  if (verdict != Verdict::kKnown && verdict != Verdict::kTrusted) {
    return absl::InvalidArgumentError("a package index can say known or trusted, nothing else");
  }
  return std::make_unique<DebianPackagesFeed>(verdict);
}

}  // namespace cloister::feeds
