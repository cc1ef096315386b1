#include "sync/feeds/feed_reader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sync/feeds/adblock_list.h"
#include "sync/feeds/csv_feed.h"
#include "sync/feeds/debian_packages.h"
#include "sync/feeds/hashlookup_feed.h"
#include "sync/feeds/ip_lists.h"
#include "sync/feeds/misp_feed.h"
#include "sync/feeds/nsrl_feed.h"
#include "sync/feeds/phishing_list.h"
#include "sync/feeds/rbldnsd_zone.h"
#include "sync/feeds/resolver_lists.h"
#include "sync/feeds/rpm_packages.h"
#include "sync/feeds/rpz_zone.h"
#include "sync/feeds/scoop_manifest.h"
#include "sync/feeds/signature_lists.h"
#include "sync/feeds/stalkerware_list.h"
#include "sync/feeds/stix_feed.h"
#include "sync/feeds/text_formats.h"
#include "sync/feeds/threat_feeds.h"
#include "sync/feeds/threat_rows.h"
#include "sync/feeds/warning_list_feed.h"

namespace cloister::feeds {
namespace {

using ReaderOrError = absl::StatusOr<std::unique_ptr<FeedReader>>;

struct Format {
  absl::string_view name;
  ReaderOrError (*make)(const FeedOptions& options);
};

template <const ThreatRowFormat& (*rows)()>
ReaderOrError ThreatCsv(const FeedOptions& options) {
  return NewThreatCsv(rows(), options);
}

template <const ThreatRowFormat& (*rows)()>
ReaderOrError ThreatJson(const FeedOptions& options) {
  return NewThreatJson(rows(), options);
}

// In the order in which they are documented.
constexpr Format kFormats[] = {
    {"csv", [](const FeedOptions& options) -> ReaderOrError { return NewCsvFeed(options); }},
    {"debian-packages", NewDebianPackagesFeed},
    {"urlhaus", ThreatCsv<UrlhausRows>},
    {"urlhaus-text", NewUrlhausText},
    {"urlhaus-hosts", NewUrlhausHosts},
    {"malwarebazaar", ThreatCsv<MalwareBazaarRows>},
    {"threatfox", ThreatCsv<ThreatFoxRows>},
    {"threatfox-json", ThreatJson<ThreatFoxRows>},
    {"phishtank", ThreatCsv<PhishTankRows>},
    {"phishtank-json", ThreatJson<PhishTankRows>},
    {"openphish", NewOpenPhish},
    {"url", NewUrlList},
    {"domain", NewDomainList},
    {"wildcard", NewWildcardList},
    {"ip", NewIpList},
    {"drop", NewDropList},
    {"rbldnsd", NewRbldnsdZone},
    {"hash", NewHashList},
    {"list", NewMixedList},
    {"hosts", NewHostsFile},
    {"adblock", NewAdblockList},
    {"dnsmasq", NewDnsmasqConfiguration},
    {"unbound", NewUnboundConfiguration},
    {"maltrail", NewMaltrail},
    {"ipsum", NewIpsum},
    {"clamav", NewClamavHashes},
    {"hash-comments", NewHashComments},
    {"checksums", NewChecksumList},
    {"stix", NewStixFeed},
    {"misp", NewMispFeed},
    {"rpz", NewRpzZone},
    {"nsrl", NewNsrlFeed},
    {"hashlookup", NewHashlookupFeed},
    {"rpm-packages", NewRpmPackagesFeed},
    {"scoop", NewScoopManifest},
    {"misp-warninglist", NewWarningListFeed},
    {"polkadot", NewPhishingList},
    {"stalkerware", NewStalkerwareList},
};

const Format* FindFormat(absl::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

absl::Status UnknownFormat(absl::string_view format) {
  return absl::InvalidArgumentError(absl::StrCat(
      "no feed format is called '", format, "'; there are: ", absl::StrJoin(FeedFormats(), ", ")));
}

}  // namespace

absl::Status LineFeedReader::Read(const FeedSource& source, const EntrySink& sink,
                                  FeedReport* report) {
  absl::StatusOr<LineReader> lines = source.Lines();
  if (!lines.ok()) return lines.status();
  absl::Status read = ReadLines(*lines, sink, report);
  report->SetLines(lines->number());
  return read;
}

std::vector<std::string> FeedFormats() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

absl::StatusOr<SourceSpec> ParseSourceSpec(absl::string_view text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (parts.second.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a source is FORMAT:PATH, such as csv:threats.csv, not '", text, "'"));
  }
  if (FindFormat(parts.first) == nullptr) return UnknownFormat(parts.first);
  return SourceSpec{.format = parts.first, .path = parts.second};
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewFeedReader(absl::string_view format,
                                                          const FeedOptions& options) {
  const Format* found = FindFormat(format);
  if (found == nullptr) return UnknownFormat(format);
  if (!options.deltas.empty() && found->name != "nsrl") {
    return absl::InvalidArgumentError("only the format nsrl has deltas");
  }
  return found->make(options);
}

}  // namespace cloister::feeds
