// cloister-bundle verify

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_reader.h"
#include "sync/bundle/bundle_reader.h"
#include "sync/bundle/cli/commands.h"
#include "sync/bundle/cli/progress.h"
#include "sync/bundle/cli/text.h"
#include "sync/bundle/cli/unpacked_bundle.h"
#include "sync/bundle/feed_contents.h"
#include "sync/pack_check/pack_check.h"
#include "sync/transport/folder/folder_fetcher.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;
using Packs = std::vector<PackTarget>;

constexpr uint32_t kMaxDeltas = 64;

// What was found out about one feed.
struct Finding {
  std::string feed;
  uint64_t from_version = 0;
  uint64_t version = 0;
  absl::Time issued = absl::InfinitePast();
  absl::Time expires = absl::InfinitePast();
  bool expired = false;
  uint64_t packs = 0;
  uint64_t records = 0;  // of the version
  absl::Status status;
};

// The digest over a whole version must be the one signed.
absl::Status CheckDigest(const std::string& repository, const AuthenticFeed& feed,
                         const Packs& there) {
  auto chain = trust::CheapestChain(there, {}, kMaxDeltas);
  if (!chain.ok()) return chain.status();
  std::vector<std::unique_ptr<storage::PackReader>> readers;
  std::vector<const storage::PackReader*> packs;
  for (const PackTarget& pack : *chain) {
    auto reader =
        storage::PackReader::Open(PackPath(repository, feed, pack), storage::PackLimits());
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
    packs.push_back(readers.back().get());
  }
  storage::ContentDigest digest;
  const auto cursor = storage::NewVersionCursor(packs);
  for (; cursor->Valid(); cursor->Next()) digest.Add(cursor->key(), cursor->value());
  if (!cursor->status().ok()) return cursor->status();
  if (digest.ToString() == chain->back().content_digest) return absl::OkStatus();
  return Rejected(RejectReason::kDigestMismatch,
                  absl::StrCat("version ", chain->back().to_version, " has the digest ",
                               digest.ToString(), ", signed is ", chain->back().content_digest));
}

// Every pack in the bundle, entry by entry, then the whole.
absl::Status CheckPacks(const UnpackedFeed& unpacked, const AuthenticFeed& feed, Progress& progress,
                        Finding* finding) {
  auto fetcher = transport::FolderFetcher::Open(unpacked.path);
  if (!fetcher.ok()) return fetcher.status();
  Packs there;
  uint64_t all = 0;
  for (const PackTarget& pack : feed.listed) {
    if (!IsThere(unpacked.path, feed, pack)) continue;
    there.push_back(pack);
    all += pack.bytes;
  }
  uint64_t done = 0;
  for (const PackTarget& pack : there) {
    progress.Tell(done, all);
    const auto& target = feed.updater->targets()->targets.at(pack.path);
    absl::Status s = trust::FetchTarget(**fetcher, pack.path, target,
                                        [](absl::string_view) { return absl::OkStatus(); });
    if (s.ok()) {
      s = packs::CheckPack(PackPath(unpacked.path, feed, pack), pack, storage::PackLimits())
              .status();
    }
    if (!s.ok()) return s;
    done += pack.bytes;
  }
  finding->packs = there.size();
  if (unpacked.description.from_version == 0) return CheckDigest(unpacked.path, feed, there);
  // The base is elsewhere; from there on nothing may lack.
  const PackTarget base = BaseAt(feed.listed, unpacked.description.from_version);
  there.erase(std::remove_if(there.begin(), there.end(),
                             [](const PackTarget& pack) { return !pack.is_delta(); }),
              there.end());
  auto chain = trust::CheapestChain(there, {base}, kMaxDeltas);
  if (chain.ok() && chain->back().to_version == feed.version()) return absl::OkStatus();
  return Rejected(RejectReason::kVersionGap,
                  absl::StrCat("its packs do not lead from version ", base.to_version,
                               " to version ", feed.version()));
}

Finding Check(const UnpackedFeed& unpacked, const UnpackedBundle& bundle, Progress& progress) {
  Finding finding;
  finding.feed = unpacked.description.feed;
  finding.from_version = unpacked.description.from_version;
  finding.status = unpacked.status;
  if (!finding.status.ok()) return finding;
  const AuthenticFeed& feed = bundle.authentic.at(finding.feed);
  finding.version = feed.version();
  finding.issued = feed.updater->timestamp()->issued;
  finding.expires = feed.expires();
  finding.expired = feed.expired();
  for (const PackTarget& pack : feed.listed) {
    if (pack.to_version == finding.version) finding.records = pack.version_records;
  }
  finding.status = CheckPacks(unpacked, feed, progress, &finding);
  return finding;
}

absl::string_view Outcome(const Finding& finding) {
  if (!finding.status.ok()) return "refused";
  return finding.expired ? "expired" : "authentic";
}

void PrintText(const Finding& finding, const Console& console) {
  console.out << finding.feed << ": ";
  if (!finding.status.ok()) {
    console.out << "refused, " << ReasonText(finding.status) << ": "
                << reputation::MessageWithoutReason(finding.status) << "\n";
    return;
  }
  console.out << "authentic";
  if (finding.expired) {
    console.out << ", but expired since " << TimeText(finding.expires) << " ("
                << DurationText(console.now - finding.expires) << " ago)";
  }
  console.out << "; " << StepText(finding.from_version, finding.version) << ", " << finding.packs
              << " packs, " << finding.records << " records, issued " << TimeText(finding.issued);
  if (!finding.expired) console.out << ", good until " << TimeText(finding.expires);
  console.out << "\n";
}

Json ToJson(const Finding& finding) {
  return {{"feed", finding.feed},
          {"outcome", std::string(Outcome(finding))},
          {"from", finding.from_version},
          {"version", finding.version},
          {"packs", finding.packs},
          {"records", finding.records},
          {"issued", TimeJson(finding.issued)},
          {"expires", TimeJson(finding.expires)},
          {"reason", finding.status.ok() ? "" : ReasonText(finding.status)},
          {"message", std::string(reputation::MessageWithoutReason(finding.status))}};
}

// The roots that are lacking, before anything is unpacked.
absl::Status CheckRoots(const Arguments& arguments, const BundleIndex& index) {
  std::vector<std::string> lacking;
  const bool unnamed_will_do = arguments.roots.count("") > 0 && index.feeds.size() == 1;
  for (const BundleFeed& feed : index.feeds) {
    if (arguments.roots.count(feed.feed) == 0 && !unnamed_will_do) {
      lacking.push_back(absl::StrCat("--root ", feed.feed, "=FILE"));
    }
  }
  if (lacking.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("verifying needs the root that you trust: ", absl::StrJoin(lacking, " ")));
}

}  // namespace

absl::StatusOr<int> RunVerify(const Arguments& arguments, const Console& console) {
  auto file = BundleFile::Open(arguments.file);
  if (!file.ok()) return file.status();
  auto index = ReadIndex(file->Bytes(), BundleLimits());
  if (!index.ok()) return index.status();
  if (absl::Status s = CheckRoots(arguments, *index); !s.ok()) return s;
  auto bundle = UnpackForReading(arguments, arguments.file, /*trust_own_roots=*/false, console);
  if (!bundle.ok()) return bundle.status();
  Progress progress(console);
  progress.Begin("checking packs");
  int exit_code = kExitOk;
  Json feeds = Json::array();
  for (const UnpackedFeed& unpacked : bundle->feeds) {
    const Finding finding = Check(unpacked, *bundle, progress);
    if (!finding.status.ok()) exit_code = kExitRefused;
    if (finding.expired && exit_code == kExitOk) exit_code = kExitExpired;
    feeds.push_back(ToJson(finding));
    if (!arguments.json) PrintText(finding, console);
  }
  if (arguments.json) {
    console.out << Json{{"bundle", arguments.file}, {"feeds", feeds}}.dump(
                       2, ' ', false, Json::error_handler_t::replace)
                << "\n";
  }
  return exit_code;
}

}  // namespace cloister::bundle
