#include "sync/publisher/publication/located_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/publisher/publication/source_files.h"

namespace cloister::publisher {
namespace {

absl::Status Named(const PublicationSource& source, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("source \"", source.name, "\": ", status.message()));
}

// Whole hours, for people.
std::string Hours(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Hours(duration), " h");
}

// The nearest folder that all of `files` lie in; they are sorted, so the ends will do.
std::string FolderOf(const std::vector<std::string>& files) {
  const std::filesystem::path first = std::filesystem::path(files.front()).parent_path();
  const std::filesystem::path last = std::filesystem::path(files.back()).parent_path();
  const auto [end, rest] = std::mismatch(first.begin(), first.end(), last.begin(), last.end());
  (void)rest;
  std::filesystem::path folder;
  for (auto part = first.begin(); part != end; ++part) folder /= *part;
  return folder.string();
}

absl::StatusOr<LocatedSource> LastGood(const PublicationSource& source, const BuildParts& parts,
                                       const BuildOptions& options, const absl::Status& why) {
  absl::StatusOr<FetchedCopy> copy = parts.copies->Last(source.name);
  if (absl::IsNotFound(copy.status())) return Named(source, why);
  if (!copy.ok()) return Named(source, copy.status());
  const absl::Duration age = options.now - copy->fetched_at;
  if (age > source.use_last_copy_for && !options.accept_stale) {
    return absl::Status(why.code(),
                        absl::StrCat("source \"", source.name, "\": ", why.message(),
                                     ". Its last good copy is ", Hours(age),
                                     " old, beyond use_last_copy_for_h; to use it all the same: "
                                     "--accept-stale"));
  }
  LocatedSource located;
  located.files = {copy->path};
  located.last_copy = LastCopy{copy->fetched_at, std::string(why.message())};
  return located;
}

absl::StatusOr<LocatedSource> LocateWeb(const PublicationSource& source, const BuildParts& parts,
                                        const BuildOptions& options) {
  if (parts.copies == nullptr) {
    return absl::InternalError("a source on the web needs a folder for its copies");
  }
  absl::StatusOr<FetchedCopy> copy;
  if (options.fetch) {
    const FetchProgress progress = [&options](uint64_t bytes, uint64_t total) {
      if (options.progress != nullptr) options.progress->Tell(bytes, total, "bytes");
    };
    copy = parts.copies->Fetch(source.name, source.format, *source.web, options.now, progress);
    if (absl::IsCancelled(copy.status())) return Named(source, copy.status());
    if (!copy.ok()) return LastGood(source, parts, options, copy.status());
  } else {
    copy = parts.copies->Newest(source.name);
    if (!copy.ok()) return Named(source, copy.status());
  }
  LocatedSource located;
  located.files = {copy->path};
  located.is_new_copy = copy->changed;
  return located;
}

}  // namespace

absl::StatusOr<LocatedSource> LocateSource(const PublicationSource& source, const BuildParts& parts,
                                           const BuildOptions& options) {
  if (source.web.has_value()) return LocateWeb(source, parts, options);
  absl::StatusOr<std::vector<std::string>> files = FindSourceFiles(source.path, source.format);
  if (!files.ok()) return Named(source, files.status());
  LocatedSource located;
  located.files = *std::move(files);
  if (located.files.size() > 1 || located.files.front() != source.path) {
    located.folder = FolderOf(located.files);
  }
  return located;
}

absl::StatusOr<LocatedSource> LocateLastGood(const PublicationSource& source,
                                             const BuildParts& parts, const BuildOptions& options,
                                             const absl::Status& why) {
  absl::Status discarded = parts.copies->Discard(source.name);
  if (!discarded.ok()) return Named(source, discarded);
  return LastGood(source, parts, options, why);
}

}  // namespace cloister::publisher
