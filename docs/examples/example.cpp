// Tags a picture, which it reads into memory itself, as from a network:
//     c++ -std=c++17 example.cpp $(pkg-config --cflags --libs ocelli) -o example
//     ./example model.gguf picture.jpg "a cat" "a dog"
#include <ocelli.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// ---- The library's handles as C++ objects: freed when they go, and errors as exceptions ----

template <auto destroy> struct Destroy {
    template <typename T> void operator()(T *handle) const {
        destroy(&handle);
    }
};
using Model = std::unique_ptr<ocelli, Destroy<ocelli_close>>;
using Tags = std::unique_ptr<ocelli_tags, Destroy<ocelli_tags_destroy>>;
using Tagger = std::unique_ptr<ocelli_tagger, Destroy<ocelli_tagger_destroy>>;

static void check(int status) {
    if (status != OCELLI_OK) throw std::runtime_error(ocelli_status_text(status)); // the log has the details
}

// Calls e.g. ocelli_open(&handle, ...) and gives the handle to its owner.
template <typename Owner, typename Create, typename... Arguments> Owner make(Create create, Arguments... arguments) {
    typename Owner::pointer handle = nullptr;
    check(create(&handle, arguments...));
    return Owner(handle);
}

struct Picture : ocelli_image {
    explicit Picture(const std::vector<char> &file) : ocelli_image{} {
        check(ocelli_image_decode(this, file.data(), file.size()));
    }
    ~Picture() {
        ocelli_image_free(this);
    }
    Picture(const Picture &) = delete;
    Picture &operator=(const Picture &) = delete;
};

// ---- The program ----

static std::vector<char> read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
}

static void tag_picture(const char *model_path, const char *picture_path, const std::vector<const char *> &texts) {
    ocelli_params params{};
    params.model = model_path;
    const auto model = make<Model>(ocelli_open, &params);
    std::vector<ocelli_tag> wanted;
    for (const char *const &text : texts) wanted.push_back({text, &text, 1});
    const auto tags = make<Tags>(ocelli_tags_create, model.get(), wanted.data(), wanted.size());
    const Picture picture(read(picture_path));
    ocelli_info info;
    ocelli_get_info(model.get(), &info);
    std::vector<float> embedding(info.embedding_size), scores(texts.size());
    check(ocelli_embed_images(model.get(), &picture, 1, embedding.data()));
    ocelli_tags_score(tags.get(), embedding.data(), scores.data(), nullptr);
    for (std::size_t i = 0; i < texts.size(); i++)
        std::printf("%5.1f %%  %s\n", 100 * static_cast<double>(scores[i]), texts[i]);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: %s MODEL.gguf PICTURE TAG...\n", argv[0]);
        return 2;
    }
    try {
        tag_picture(argv[1], argv[2], {argv + 3, argv + argc});
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
}
