#include "tests/e2e/real_feeds/real_feeds.h"

namespace cloister::testing {
namespace {

constexpr ObjectKind kFile = ObjectKind::kFile;
constexpr ObjectKind kHost = ObjectKind::kHost;
constexpr ObjectKind kIp = ObjectKind::kIp;
constexpr ObjectKind kUrl = ObjectKind::kUrl;

// A name of letters, digits and hyphens with a top-level domain that is no part of a larger suffix.
#define NAME "[a-z0-9][a-z0-9-]*\\.(?:com|net|org|info|xyz|top|site|online|ru|pw|biz)"
#define IPV4 "(?:[1-9][0-9]?|1[0-9][0-9]|2[0-1][0-9])(?:\\.[0-9]{1,3}){3}"

std::vector<RealFeed> AbuseCh() {
  return {
      {.name = "urlhaus",
       .format = "urlhaus",
       .path = "urlhaus-csv-online/urlhaus.abuse.csv",
       .stated = {{"urlhaus-csv-online/urlhaus.abuse.csv", "^\"[0-9]+\",\"[^\"]*\",\"([^\"#]+)\"",
                   kUrl}},
       .at_least = 13'000},
      {.name = "threatfox_names",
       .format = "csv",
       .path = "jayp-threatfox-malwarebazaar/threatfox.csv",
       .settings = "columns = { value = \"Address\" }\n",
       .stated = {{"jayp-threatfox-malwarebazaar/threatfox.csv", "^(" NAME "), IOC FOUND", kHost}},
       .at_least = 7'000},
      {.name = "c2_addresses",
       .format = "csv",
       .path = "jayp-threatfox-malwarebazaar/IPC2s-30day.csv",
       .settings = "columns = { ip = \"ip\" }\n",
       .stated = {{"jayp-threatfox-malwarebazaar/IPC2s-30day.csv", "^(" IPV4 "),Possible", kIp}},
       .at_least = 1'000},
      {.name = "malwarebazaar_md5",
       .format = "hash",
       .path = "jayp-threatfox-malwarebazaar/MD5-test.txt",
       .stated = {{"jayp-threatfox-malwarebazaar/MD5-test.txt", "^([0-9a-f]{32})\\r?$", kFile}},
       .at_least = 400},
  };
}

std::vector<RealFeed> UrlhausFilter() {
  return {
      {.name = "filter_domains",
       .format = "domain",
       .path = "urlhaus-filter/urlhaus-filter-domains.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter-domains.txt", "^(" NAME ")$", kHost},
                  {"urlhaus-filter/urlhaus-filter-domains.txt", "^(" IPV4 ")$", kIp}},
       .at_least = 20'000},
      {.name = "filter_hosts",
       .format = "hosts",
       .path = "urlhaus-filter/urlhaus-filter-hosts.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter-hosts.txt", "^0\\.0\\.0\\.0 (" NAME ")$", kHost}},
       .at_least = 700},
      {.name = "filter_rpz",
       .format = "rpz",
       .path = "urlhaus-filter/urlhaus-filter-rpz.conf",
       .stated = {{"urlhaus-filter/urlhaus-filter-rpz.conf", "^(" NAME ") CNAME \\.$", kHost}},
       .at_least = 700},
      {.name = "filter_dnsmasq",
       .format = "dnsmasq",
       .path = "urlhaus-filter/urlhaus-filter-dnsmasq-online.conf",
       .stated = {{"urlhaus-filter/urlhaus-filter-dnsmasq-online.conf", "^address=/(" NAME ")/",
                   kHost}},
       .at_least = 150},
      {.name = "filter_unbound",
       .format = "unbound",
       .path = "urlhaus-filter/urlhaus-filter-unbound-online.conf",
       .stated = {{"urlhaus-filter/urlhaus-filter-unbound-online.conf",
                   "^local-zone: \"(" NAME ")\" always", kHost}},
       .at_least = 150},
      {.name = "filter_adguard",
       .format = "adblock",
       .path = "urlhaus-filter/urlhaus-filter-agh.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter-agh.txt", "^\\|\\|(" NAME ")\\^$", kHost},
                  {"urlhaus-filter/urlhaus-filter-agh.txt", "^\\|\\|(" IPV4 ")\\^$", kIp}},
       .at_least = 20'000},
      {.name = "filter_ublock",
       .format = "adblock",
       .path = "urlhaus-filter/urlhaus-filter.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter.txt", "^\\|\\|(" NAME "/[^$^*?]+)\\^\\$all$",
                   kUrl},
                  {"urlhaus-filter/urlhaus-filter.txt", "^(" IPV4 ")$", kIp}},
       .at_least = 20'000},
      {.name = "filter_wildcard",
       .format = "wildcard",
       .path = "urlhaus-filter/urlhaus-filter-wildcard.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter-wildcard.txt", "^\\*\\.(" NAME ")$", kHost}},
       .at_least = 700},
      {.name = "filter_addresses",
       .format = "ip",
       .path = "urlhaus-filter/urlhaus-filter-dnscrypt-blocked-ips.txt",
       .stated = {{"urlhaus-filter/urlhaus-filter-dnscrypt-blocked-ips.txt", "^(" IPV4 ")$", kIp}},
       .at_least = 20'000},
      {.name = "filter_splunk",
       .format = "csv",
       .path = "urlhaus-filter/urlhaus-filter-splunk-online.csv",
       .stated = {{"urlhaus-filter/urlhaus-filter-splunk-online.csv", "^\"?(" IPV4 ")\"?,", kIp}},
       .at_least = 100},
  };
}

std::vector<RealFeed> Lists() {
  return {
      {.name = "blackbook",
       .format = "csv",
       .path = "blackbook/blackbook.csv",
       .settings = "columns = { host = \"Domain\", threat_name = \"Malware\" }\n",
       .stated = {{"blackbook/blackbook.csv", "^(" NAME "),", kHost}},
       .at_least = 10'000},
      {.name = "ipsum",
       .format = "ipsum",
       .path = "ipsum/ipsum.txt",
       .stated = {{"ipsum/ipsum.txt", "^(" IPV4 ")\\t[0-9]+$", kIp}},
       .at_least = 100'000},
      {.name = "maltrail",
       .format = "maltrail",
       .path = "maltrail-a/trails/static/malware/*.txt",
       .stated = {{"maltrail-a/trails/static/malware/*.txt", "^(" NAME ")$", kHost}},
       .at_least = 30'000},
      {.name = "polkadot",
       .format = "polkadot",
       .path = "polkadot-phishing/all.json",
       .stated = {{"polkadot-phishing/all.json", "^\\t\\t\"([a-z0-9-]+\\.(?:xyz|top|online))\"",
                   kHost}},
       .at_least = 5'000},
      {.name = "tranco",
       .format = "csv",
       .path = "tranco-100k/tranco_safe.csv",
       .settings = "columns = { url = \"url\" }\nverdict = \"known\"\n",
       .stated = {{"tranco-100k/tranco_safe.csv", "^(https://" NAME "),0,tranco", kUrl,
                   Verdict::kKnown}},
       .at_least = 50'000},
      {.name = "neo23x0_c2",
       .format = "list",
       .path = "neo23x0-iocs/c2-iocs.txt",
       .stated = {{"neo23x0-iocs/c2-iocs.txt", "^(" NAME ")\\r?$", kHost}},
       .at_least = 150},
  };
}

std::vector<RealFeed> Digests() {
  return {
      {.name = "romainmarcoux",
       .format = "hash",
       .path = "romainmarcoux-hash/*.txt",
       .stated = {{"romainmarcoux-hash/*.txt", "^([0-9a-f]{32}|[0-9a-f]{40})$", kFile}},
       .at_least = 4'000},
      {.name = "eset_digests",
       .format = "hash",
       .path = "eset-hashes/*/samples.*",
       .stated = {{"eset-hashes/*/samples.*", "^([0-9a-fA-F]{32,40}|[0-9a-fA-F]{64})\\r?$", kFile}},
       .at_least = 12'000},
      {.name = "neo23x0_digests",
       .format = "hash-comments",
       .path = "neo23x0-iocs/hash-iocs.txt",
       .stated = {{"neo23x0-iocs/hash-iocs.txt",
                   "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64});", kFile}},
       .at_least = 3'000},
      {.name = "loldrivers",
       .format = "hash",
       .path = "loldrivers/detections/hashes/samples_*.sha256",
       .settings = "verdict = \"suspicious\"\n",
       .stated = {{"loldrivers/detections/hashes/samples_*.sha256", "^([0-9a-f]{64})\\r?$", kFile,
                   Verdict::kSuspicious}},
       .at_least = 1'500},
      {.name = "clamav",
       .format = "clamav",
       .path = "clamav-sigs/clamav.hdb",
       .stated = {{"clamav-sigs/clamav.hdb", "^([0-9a-f]{64}):[0-9]+:", kFile}},
       .at_least = 1},
      {.name = "stalkerware_samples",
       .format = "csv",
       .path = "stalkerware/samples.csv",
       .settings = "columns = { sha256 = \"SHA256\", threat_name = \"App\" }\n"
                   "verdict = \"unwanted\"\n",
       .stated = {{"stalkerware/samples.csv", "^([0-9a-f]{64}),", kFile, Verdict::kUnwanted}},
       .at_least = 2'500},
      {.name = "unit42_golang",
       .format = "csv",
       .path = "unit42-csv/golang_malware_results.csv",
       .stated = {{"unit42-csv/golang_malware_results.csv", "^([0-9a-f]{64}),", kFile}},
       .at_least = 5'000},
  };
}

std::vector<RealFeed> Documents() {
  return {
      {.name = "eset_misp",
       .format = "misp",
       .path = "eset-misp/[c-o]*/*.json",
       .stated = {{"eset-misp/[c-o]*/*.json",
                   "\"type\": ?\"sha1\"[^{}]*?\"to_ids\": ?true[^{}]*?\"deleted\": ?false[^{}]*?"
                   "\"value\": ?\"([0-9A-Fa-f]{40})\"",
                   kFile}},
       .at_least = 50},
      {.name = "unit42_stix",
       .format = "stix",
       .path = "unit42-stix/stix2-reports/report_json/*.json",
       .stated = {{"unit42-stix/stix2-reports/report_json/*.json",
                   "\"pattern\": ?\"\\[file:hashes\\.'SHA-256' = '([0-9a-f]{64})'\\]\"", kFile}},
       .at_least = 100},
      {.name = "stalkerware_names",
       .format = "domain",
       .path = "stalkerware/generated/hosts",
       .settings = "verdict = \"unwanted\"\n",
       .stated = {{"stalkerware/generated/hosts", "^(" NAME ")$", kHost, Verdict::kUnwanted}},
       .at_least = 100},
      {.name = "warning_list",
       .format = "misp-warninglist",
       .path = "misp-warninglists-a/security-provider-blogpost/list.json",
       .stated = {{"misp-warninglists-a/security-provider-blogpost/list.json",
                   "^ *\"([a-z0-9-]+\\.(?:com|net|org))\",?$", kHost, Verdict::kKnown}},
       .at_least = 20},
  };
}

std::vector<RealFeed> Software() {
  return {
      {.name = "debian",
       .format = "debian-packages",
       .path = "debian-packages/bookworm-main-amd64.Packages.zst",
       .stated = {{"debian-packages/bookworm-main-amd64.Packages.zst", "^SHA256: ([0-9a-f]{64})$",
                   kFile, Verdict::kKnown}},
       .at_least = 60'000},
      {.name = "debian_trusted",
       .format = "debian-packages",
       .path = "debian-packages/bookworm-main-amd64.Packages.zst",
       .settings = "verdict = \"trusted\"\n",
       .stated = {{"debian-packages/bookworm-main-amd64.Packages.zst", "^SHA256: ([0-9a-f]{64})$",
                   kFile, Verdict::kTrusted}},
       .at_least = 60'000},
      {.name = "dpkg_md5sums",
       .format = "checksums",
       .path = "dpkg-md5sums/md5sums.all.txt.zst",
       .stated = {{"dpkg-md5sums/md5sums.all.txt.zst", "^([0-9a-f]{32})  ", kFile,
                   Verdict::kKnown}},
       .at_least = 90'000},
      {.name = "nsrl_legacy",
       .format = "nsrl",
       .path = "nsrl-form-debian/NSRLFile.txt",
       .stated = {{"nsrl-form-debian/NSRLFile.txt", "^\"([0-9A-F]{40})\"", kFile, Verdict::kKnown},
                  {"nsrl-form-debian/NSRLFile.txt", "^\"[0-9A-F]{40}\",\"([0-9A-F]{32})\"", kFile,
                   Verdict::kKnown}},
       .at_least = 15'000},
      {.name = "nsrl_database",
       .format = "nsrl",
       .path = "nsrl-form-debian/RDS_form_minimal.db",
       .stated = {{"nsrl-form-debian/NSRLFile.txt", "^\"([0-9A-F]{40})\"", kFile, Verdict::kKnown}},
       .at_least = 8'000},
      {.name = "scoop",
       .format = "scoop",
       .path = "scoop-main/bucket/*.json",
       .stated = {{"scoop-main/bucket/*.json", "\"hash\": \"([0-9a-f]{64})\"", kFile,
                   Verdict::kKnown}},
       .at_least = 1'000},
      {.name = "hashlookup",
       .format = "hashlookup",
       .path = "hashlookup-report/doc/sample-report/full.json",
       .stated = {{"hashlookup-report/doc/sample-report/full.json", "\"hash\": \"([0-9A-F]{40})\"",
                   kFile, Verdict::kKnown, "\"unknown_files\""}},
       .at_least = 2'000},
  };
}

#undef NAME
#undef IPV4

std::vector<RealFeed> All() {
  std::vector<RealFeed> all;
  for (const auto& group :
       {AbuseCh(), UrlhausFilter(), Lists(), Digests(), Documents(), Software()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace

const std::vector<RealFeed>& RealFeeds() {
  static const std::vector<RealFeed> feeds = All();
  return feeds;
}

}  // namespace cloister::testing
