#include "sync/feeds/rpm_packages.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/purl.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/xml_stream.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;
using reputation::Verdict;

struct Package {
  uint64_t line = 0;
  std::string name;
  std::string arch;
  std::string epoch;
  std::string version;
  std::string release;
  std::string vendor;
  std::string checksum_type;
  std::string checksum;
};

// How distributions are called in package URLs, by the begin of what their packages say.
constexpr std::pair<absl::string_view, absl::string_view> kVendors[] = {
    {"fedora", "fedora"}, {"red hat", "redhat"},      {"centos", "centos"},
    {"rocky", "rocky"},   {"almalinux", "almalinux"}, {"opensuse", "opensuse"},
    {"suse", "suse"},     {"oracle", "oraclelinux"},  {"amazon", "amzn"},
    {"mageia", "mageia"},
};

std::string NamespaceOf(absl::string_view vendor) {
  const std::string lower = absl::AsciiStrToLower(vendor);
  for (const auto& [begin, name] : kVendors) {
    if (absl::StartsWith(lower, begin)) return std::string(name);
  }
  std::string plain;
  for (const char c : lower) {
    if (absl::ascii_isalnum(c)) {
      plain.push_back(c);
    } else if (!plain.empty() && plain.back() != '-') {
      plain.push_back('-');
    }
  }
  while (absl::EndsWith(plain, "-")) plain.pop_back();
  return plain;
}

bool HasOnly(absl::string_view text, absl::string_view punctuation) {
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains(punctuation, c)) return false;
  }
  return true;
}

// Bytes of hexadecimal that a checksum of this type has; 0 for one that is not kept.
size_t HexDigits(absl::string_view type) {
  if (type == "sha256") return 64;
  if (type == "sha" || type == "sha1") return 40;
  return type == "md5" ? 32 : 0;
}

std::optional<Fault> PackageFault(const Package& package) {
  const std::pair<absl::string_view, const std::string*> needed[] = {
      {"name", &package.name},   {"arch", &package.arch},         {"ver", &package.version},
      {"rel", &package.release}, {"checksum", &package.checksum},
  };
  for (const auto& [name, value] : needed) {
    if (value->empty()) {
      return Fault{RowFault::kMissingField, absl::StrCat("the package has no ", name)};
    }
  }
  // What RPM lets stand there; the rest would not survive in a package URL unchanged.
  const bool good = HasOnly(package.name, "+-._") && HasOnly(package.version, "+._~^") &&
                    HasOnly(package.release, "+._~^") && HasOnly(package.arch, "_-") &&
                    HasOnly(package.epoch, "");
  if (!good) {
    return Fault{RowFault::kBadValue, "a character that cannot stand in a package's name"};
  }
  const size_t digits = HexDigits(package.checksum_type);
  if (digits != 0 && package.checksum.size() != digits) {
    return Fault{RowFault::kBadValue, absl::StrCat("a checksum of the type ", package.checksum_type,
                                                   " is not ", digits, " hexadecimal digits")};
  }
  return std::nullopt;
}

// What another file of a repository is, by its outermost element; "" for an index of packages.
std::string WrongDocument(absl::string_view root) {
  if (root == "metadata") return "";
  if (root == "filelists" || root == "otherdata" || root == "updates" || root == "comps") {
    return absl::StrCat("this is another file of the repository (", root,
                        "); name the one that is called …-primary.xml");
  }
  return absl::StrCat("not the primary.xml of an RPM repository: it begins with <", FitLabel(root),
                      ">");
}

class Packages : public XmlVisitor {
 public:
  Packages(const FeedOptions& options, std::function<void(uint64_t)> read, FeedOutput* output)
      : verdict_(options.verdict.value_or(Verdict::kKnown)),
        read_(std::move(read)),
        output_(output) {}

  uint64_t packages() const { return packages_; }

  absl::Status Begin(const std::vector<std::string>& path, const Attributes& attributes,
                     uint64_t line) override {
    if (path.front() == "repomd") return LookAtRepomd(path, attributes);
    if (path.size() == 1) {
      const std::string wrong = WrongDocument(path.front());
      return wrong.empty() ? absl::OkStatus() : absl::InvalidArgumentError(wrong);
    }
    const auto get = [&attributes](const char* name) {
      const auto found = attributes.find(name);
      return found != attributes.end() ? found->second : "";
    };
    if (path.size() == 2) {
      package_ = {};
      package_.line = line;
    } else if (path.size() == 3 && path[2] == "version") {
      package_.epoch = get("epoch");
      package_.version = get("ver");
      package_.release = get("rel");
    } else if (path.size() == 3 && path[2] == "checksum") {
      package_.checksum_type = absl::AsciiStrToLower(get("type"));
    }
    return absl::OkStatus();
  }

  absl::Status End(const std::vector<std::string>& path, absl::string_view text) override {
    if (path.front() == "repomd") return path.size() == 1 ? Repomd() : absl::OkStatus();
    if (path.size() == 2 && path[1] == "package") return Finish();
    const std::string value(absl::StripAsciiWhitespace(text));
    if (path.size() == 3 && path[2] == "name") package_.name = value;
    if (path.size() == 3 && path[2] == "arch") package_.arch = value;
    if (path.size() == 3 && path[2] == "checksum") package_.checksum = value;
    if (path.size() == 4 && path[2] == "format" && path[3] == "vendor") package_.vendor = value;
    return absl::OkStatus();
  }

 private:
  absl::Status LookAtRepomd(const std::vector<std::string>& path, const Attributes& attributes) {
    if (path.size() == 2) {
      const auto type = attributes.find("type");
      primary_ = path[1] == "data" && type != attributes.end() && type->second == "primary";
    }
    const auto href = attributes.find("href");
    if (path.size() == 3 && primary_ && path[2] == "location" && href != attributes.end()) {
      location_ = href->second;
    }
    return absl::OkStatus();
  }

  absl::Status Repomd() const {
    return absl::InvalidArgumentError(absl::StrCat(
        "this is repomd.xml, which only says where the index lies; name the index itself: ",
        location_.empty() ? "…-primary.xml" : FitLabel(location_)));
  }

  absl::Status Finish() {
    read_(++packages_);
    const std::string text = absl::StrCat(package_.name, "-", package_.version, "-",
                                          package_.release, ".", package_.arch);
    const RowPlace place{package_.line, text};
    reputation::Label label;
    label.product = FitLabel(package_.name);
    label.vendor = FitLabel(package_.vendor);
    const bool epoch = !package_.epoch.empty() && package_.epoch != "0";
    label.version = FitLabel(absl::StrCat(epoch ? package_.epoch : "", epoch ? ":" : "",
                                          package_.version, "-", package_.release));
    std::vector<Listing> listings = {PurlListing(false), PurlListing(true)};
    std::optional<Fault> fault = PackageFault(package_);
    if (!fault.has_value()) fault = AddFile(&listings, place);
    if (fault.has_value()) {
      output_->Reject(*fault, place);
      return absl::OkStatus();
    }
    for (Listing& listing : listings) listing.label = label;
    return output_->TakeTogether(listings, place);
  }

  // Puts the file before the others; counts a digest that cannot be kept.
  std::optional<Fault> AddFile(std::vector<Listing>* listings, const RowPlace& place) {
    const size_t digits = HexDigits(package_.checksum_type);
    if (digits == 0) {
      output_->Reject({RowFault::kUnsupported,
                       absl::StrCat("a checksum of the type ", FitLabel(package_.checksum_type))},
                      place);
      return std::nullopt;
    }
    if (!HasOnly(package_.checksum, "")) {
      return Fault{RowFault::kBadValue, "the checksum is not hexadecimal"};
    }
    Listing file;
    file.kind = ObjectKind::kFile;
    file.value = package_.checksum;
    file.record.verdict = digits == 64 ? verdict_ : Verdict::kKnown;
    listings->insert(listings->begin(), std::move(file));
    return std::nullopt;
  }

  Listing PurlListing(bool qualified) const {
    reputation::PackageUrl purl;
    purl.type = "rpm";
    purl.name_space = NamespaceOf(package_.vendor);
    purl.name = package_.name;
    purl.version = absl::StrCat(package_.version, "-", package_.release);
    if (qualified) {
      purl.qualifiers["arch"] = package_.arch;
      if (!package_.epoch.empty() && package_.epoch != "0") {
        purl.qualifiers["epoch"] = package_.epoch;
      }
    }
    Listing listing;
    listing.kind = ObjectKind::kSoftware;
    listing.value = purl.ToString();
    listing.record.verdict = Verdict::kKnown;
    return listing;
  }

  Verdict verdict_;
  std::function<void(uint64_t)> read_;
  FeedOutput* output_;
  Package package_;
  uint64_t packages_ = 0;
  bool primary_ = false;
  std::string location_;
};

class RpmPackagesFeed : public FeedReader {
 public:
  explicit RpmPackagesFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    FeedOutput output(sink, report);
    Packages packages(
        options_, [this](uint64_t read) { MayTellProgress(read, "packages"); }, &output);
    absl::Status walked = WalkXml(**bytes, packages);
    report->SetLines(packages.packages());
    return walked;
  }

 private:
  FeedOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewRpmPackagesFeed(const FeedOptions& options) {
  const Verdict verdict = options.verdict.value_or(Verdict::kKnown);
  if (verdict != Verdict::kKnown && verdict != Verdict::kTrusted) {
    return absl::InvalidArgumentError("a package index can say known or trusted, nothing else");
  }
  return std::make_unique<RpmPackagesFeed>(options);
}

}  // namespace cloister::feeds
