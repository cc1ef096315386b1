// Writes what is installed beside the programs: manual pages and completion.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "deploy/describe/bash_completion.h"
#include "deploy/describe/man_page.h"
#include "sync/feeds/feed_reader.h"

namespace {

using cloister::describe::AllPrograms;

struct Arguments {
  std::string folder;
  std::string date;
  std::string engine;
};

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw CLI::RuntimeError(path.string() + " cannot be written", 1);
}

void WriteMan(const Arguments& arguments) {
  for (const auto& page : cloister::describe::ManPages(AllPrograms(), arguments.date)) {
    Write(std::filesystem::path(arguments.folder) / page.file, page.text);
  }
}

void WriteCompletion(const Arguments& arguments) {
  std::ifstream file(arguments.engine, std::ios::binary);
  std::ostringstream engine;
  engine << file.rdbuf();
  if (!file) throw CLI::RuntimeError(arguments.engine + " cannot be read", 1);
  const std::vector<cloister::describe::Program> all = AllPrograms();
  for (const auto& program : all) {
    // By the name under which bash-completion looks for it.
    Write(std::filesystem::path(arguments.folder) / program.command.name,
          cloister::describe::BashCompletion(program, all, cloister::feeds::FeedFormats(),
                                             engine.str()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Defaults that come from the environment are not those of whoever reads the pages.
  unsetenv("TMPDIR");
  Arguments arguments;
  CLI::App app("Writes manual pages and completion of Cloister's programs.", "cloister-describe");
  app.require_subcommand(1);
  CLI::App* man = app.add_subcommand("man", "Write manual pages");
  man->add_option("FOLDER", arguments.folder, "Where to")->required();
  man->add_option("--date", arguments.date, "Date at their foot, YYYY-MM-DD")->required();
  man->callback([&] { WriteMan(arguments); });
  CLI::App* completion = app.add_subcommand("completion", "Write completion for bash");
  completion->add_option("FOLDER", arguments.folder, "Where to")->required();
  completion->add_option("--engine", arguments.engine, "deploy/completion/engine.bash")->required();
  completion->callback([&] { WriteCompletion(arguments); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return 0;
}
