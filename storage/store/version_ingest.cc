#include "storage/store/version_ingest.h"

#include <rocksdb/sst_file_writer.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/pack/pack_format.h"
#include "storage/store/delta_check.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

size_t CountParts(const VersionSpec& spec) {
  size_t parts = 0;
  while (parts < spec.packs.size() && spec.packs[parts].from_version == 0) ++parts;
  return parts;
}

absl::Status Gap(const VersionSpec& spec, absl::string_view what) {
  return Rejected(RejectReason::kVersionGap,
                  absl::StrCat("feed ", spec.feed, ", version ", spec.version, ": ", what));
}

absl::StatusOr<std::unique_ptr<PackReader>> OpenPack(const PackDirectory& packs,
                                                     const std::string& sha256) {
  absl::StatusOr<std::unique_ptr<PackReader>> reader =
      PackReader::Open(packs.PathOf(sha256), PackLimits());
  if (absl::IsNotFound(reader.status())) {
    return Rejected(RejectReason::kPackUnreadable, reader.status().message());
  }
  return reader;
}

rocksdb::IngestExternalFileOptions MoveUnaltered() {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.failed_move_fall_back_to_copy = false;
  options.write_global_seqno = false;
  options.allow_global_seqno = true;
  options.snapshot_consistency = false;
  return options;
}

}  // namespace

absl::Status CheckChain(const VersionSpec& spec) {
  size_t parts = CountParts(spec);
  if (parts == 0) return Gap(spec, "its packs do not begin with a snapshot");
  uint64_t reached = spec.packs[0].to_version;
  std::set<std::string> names;
  for (size_t i = 0; i < spec.packs.size(); ++i) {
    const VersionPack& pack = spec.packs[i];
    if (!PackDirectory::IsName(pack.sha256)) {
      return absl::InvalidArgumentError(
          absl::StrCat("pack ", i, " is not named by 64 lower-case hexadecimal digits"));
    }
    if (!names.insert(pack.sha256).second) return Gap(spec, "it names a pack twice");
    if (i < parts && pack.to_version != reached) {
      return Gap(spec, "the parts of its snapshot lead to several versions");
    }
    if (i >= parts && (pack.from_version != reached || pack.to_version <= reached)) {
      return Gap(spec, absl::StrCat("after version ", reached, " comes a delta from ",
                                    pack.from_version, " to ", pack.to_version));
    }
    reached = pack.to_version;
  }
  if (reached != spec.version) return Gap(spec, absl::StrCat("its packs lead to ", reached));
  return absl::OkStatus();
}

absl::Status CheckPresent(const PackDirectory& packs, const std::vector<VersionPack>& wanted) {
  for (const VersionPack& pack : wanted) {
    uint64_t found = packs.SizeOf(pack.sha256);
    if (found != 0 && found == pack.bytes) continue;
    return Rejected(RejectReason::kPackUnreadable,
                    absl::StrCat(packs.PathOf(pack.sha256), " should have ", pack.bytes,
                                 " bytes and has ", found));
  }
  return absl::OkStatus();
}

bool Continues(const VersionSpec& spec, const ServedFeed& served) {
  return served.packs.size() <= spec.packs.size() &&
         std::equal(served.packs.begin(), served.packs.end(), spec.packs.begin(),
                    [](const std::string& a, const VersionPack& b) { return a == b.sha256; });
}

VersionIngest::~VersionIngest() {
  for (const std::string& path : staged_) unlink(path.c_str());
}

absl::Status VersionIngest::Run(const VersionSpec& spec, const std::optional<Record>& record) {
  size_t parts = CountParts(spec);
  for (size_t i = options_.known_packs; i < spec.packs.size(); ++i) {
    if (absl::Status s = CheckHeader(spec, i, parts); !s.ok()) return s;
  }
  absl::StatusOr<std::string> record_file = record ? StageRecord(*record) : "";
  if (!record_file.ok()) return record_file.status();
  std::vector<std::string> files;
  for (size_t i = 0; i < spec.packs.size(); ++i) {
    if (i >= parts && i >= options_.known_packs) {
      if (absl::Status s = CheckDelta(spec, i); !s.ok()) return s;
    }
    absl::StatusOr<std::string> staged = Stage(spec.packs[i].sha256);
    if (!staged.ok()) return staged.status();
    files.push_back(*std::move(staged));
    if (i + 1 < parts) continue;  // the parts of the snapshot go together
    bool last = i + 1 == spec.packs.size();
    if (absl::Status s = Ingest(files, last ? *record_file : ""); !s.ok()) return s;
    files.clear();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> VersionIngest::Stage(const std::string& sha256) {
  std::string staged = absl::StrCat(options_.staging_directory, "/", sha256, ".sst");
  unlink(staged.c_str());
  if (link(options_.packs->PathOf(sha256).c_str(), staged.c_str()) != 0) {
    RejectReason reason = errno == ENOSPC ? RejectReason::kNoSpace : RejectReason::kIoError;
    return Rejected(reason, absl::StrCat("cannot link ", options_.packs->PathOf(sha256), " to ",
                                         staged, ": ", strerror(errno)));
  }
  staged_.push_back(staged);
  return staged;
}

absl::StatusOr<std::string> VersionIngest::StageRecord(const Record& record) {
  std::string path = absl::StrCat(options_.staging_directory, "/record.sst");
  staged_.push_back(path);
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), PackWriteOptions());
  rocksdb::Status written = writer.Open(path);
  if (written.ok()) written = writer.Put(record.key, record.value);
  if (written.ok()) written = writer.Finish();
  if (!written.ok()) return DatabaseError(written, absl::StrCat("write ", path));
  return path;
}

absl::Status VersionIngest::CheckHeader(const VersionSpec& spec, size_t index, size_t parts) const {
  const VersionPack& pack = spec.packs[index];
  absl::StatusOr<std::unique_ptr<PackReader>> reader = OpenPack(*options_.packs, pack.sha256);
  if (!reader.ok()) return reader.status();
  PackHeader expected;
  expected.feed = spec.feed;
  expected.from_version = pack.from_version;
  expected.to_version = pack.to_version;
  expected.part = index < parts ? static_cast<uint32_t>(index + 1) : 1;
  expected.parts = index < parts ? static_cast<uint32_t>(parts) : 1;
  const PackHeader& found = (*reader)->header();
  if (found == expected) return absl::OkStatus();
  return Rejected(RejectReason::kPackHeaderMismatch,
                  absl::StrCat("pack ", pack.sha256, " says that it is of feed ", found.feed,
                               ", from ", found.from_version, " to ", found.to_version, ", part ",
                               found.part, " of ", found.parts));
}

absl::Status VersionIngest::CheckDelta(const VersionSpec& spec, size_t index) const {
  const VersionPack& pack = spec.packs[index];
  const ContentDigest& base = spec.packs[index - 1].result;
  if (pack.base && *pack.base != base) {
    return Rejected(RejectReason::kBaseMismatch,
                    absl::StrCat("the delta from ", pack.from_version, " to ", pack.to_version,
                                 " was signed for a base with content ", pack.base->ToString(),
                                 ", but version ", pack.from_version, " has ", base.ToString()));
  }
  absl::StatusOr<std::unique_ptr<PackReader>> reader = OpenPack(*options_.packs, pack.sha256);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<ContentDigest> digest =
      DigestAfterDelta(*options_.database, *options_.family, **reader, base);
  if (!digest.ok()) return digest.status();
  if (*digest == pack.result) return absl::OkStatus();
  return Rejected(RejectReason::kDigestMismatch,
                  absl::StrCat("the delta from ", pack.from_version, " to ", pack.to_version,
                               " leads to content ", digest->ToString(), ", but ",
                               pack.result.ToString(), " is signed"));
}

absl::Status VersionIngest::Ingest(const std::vector<std::string>& files,
                                   const std::string& record_file) {
  std::vector<rocksdb::IngestExternalFileArg> args(1);
  args[0].column_family = options_.family->handle();
  args[0].external_files = files;
  args[0].options = MoveUnaltered();
  if (!record_file.empty()) {
    args.emplace_back();
    args[1].column_family = options_.database->meta();
    args[1].external_files = {record_file};
    args[1].options = MoveUnaltered();
  }
  return DatabaseError(options_.database->db()->IngestExternalFiles(args), "ingest packs");
}

}  // namespace cloister::storage
