// Command driver checks a static tlog-tiles folder with golang.org/x/mod/sumdb/{note,tlog} alone: the checkpoint's
// signature, every entry bundle against its leaf hashes, every tile against the root, and inclusion and consistency proofs.
// It exits 0 only if all of it holds, 1 if the log is refused, 2 if it was called wrongly.
//
// With "sign SKEYFILE TEXTFILE" it writes the text as a signed note instead, so that our parser can be held against
// the notes that this package makes.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func main() {
	if len(os.Args) == 4 && os.Args[1] == "sign" {
		exit(signNote(os.Args[2], os.Args[3]))
	}
	if len(os.Args) == 4 && os.Args[1] == "check" {
		exit(check(os.Args[2], os.Args[3]))
	}
	fmt.Fprintln(os.Stderr, "usage: driver check FOLDER VKEYFILE | driver sign SKEYFILE TEXTFILE")
	os.Exit(2)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func signNote(skeyFile, textFile string) error {
	skey, err := os.ReadFile(skeyFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(textFile)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(skey)))
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed)
	return err
}

func check(folder, vkeyFile string) error {
	tree, err := openCheckpoint(folder, vkeyFile)
	if err != nil {
		return err
	}
	if tree.N == 0 {
		return errors.New("x/mod gives all zeros as the root of the empty tree: it cannot judge an empty log")
	}
	hashes := tlog.TileHashReader(tree, &tileFolder{folder: folder})
	if err := checkBundles(folder, tree, hashes); err != nil {
		return err
	}
	if err := checkTiles(folder, tree, hashes); err != nil {
		return err
	}
	return checkProofs(tree, hashes)
}

func openCheckpoint(folder, vkeyFile string) (tlog.Tree, error) {
	var tree tlog.Tree
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return tree, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("checkpoint %q is not origin, size and root of %s", opened.Text, verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, fmt.Errorf("root %q is not 32 bytes of base64", lines[2])
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// checkBundles hashes every entry and compares it with the leaf hash that the tiles give under the signed root.
func checkBundles(folder string, tree tlog.Tree, hashes tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += 1 << tileHeight {
		width := min(tree.N-start, 1<<tileHeight)
		bundle := tlog.Tile{H: tileHeight, L: 0, N: start >> tileHeight, W: int(width)}
		name := "tile/entries/" + strings.TrimPrefix(bundle.Path(), "tile/8/0/")
		entries, err := readBundle(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if int64(len(entries)) != width {
			return fmt.Errorf("%s holds %d entries, not %d", name, len(entries), width)
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return fmt.Errorf("%s: entry %d does not hash to its leaf", name, i)
			}
		}
	}
	return nil
}

func readBundle(file string) ([][]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries, nil
}

// checkTiles compares every tile that a tree of this size must have with what x/mod computes for it.
func checkTiles(folder string, tree tlog.Tree, hashes tlog.HashReader) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, tree.N) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		name := tilePath(tile)
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return fmt.Errorf("%s differs from what the log's hashes give", name)
		}
	}
	return nil
}

// checkProofs proves some leaves and some earlier sizes, as a client would.
func checkProofs(tree tlog.Tree, hashes tlog.HashReader) error {
	for _, index := range []int64{0, tree.N / 3, tree.N / 2, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil {
			return err
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d: %w", index, err)
		}
	}
	for _, earlier := range []int64{1, tree.N/2 + 1, tree.N} {
		root, err := tlog.TreeHash(earlier, hashes)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, earlier, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, earlier, root); err != nil {
			return fmt.Errorf("consistency from %d: %w", earlier, err)
		}
	}
	return nil
}

// tileFolder reads tiles for x/mod, which checks them against the signed root before it believes them.
type tileFolder struct{ folder string }

func (t *tileFolder) Height() int                     { return tileHeight }
func (t *tileFolder) SaveTiles([]tlog.Tile, [][]byte) {}
func (t *tileFolder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(t.folder, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

// tilePath is x/mod's path without the tile height, which C2SP tlog-tiles fixes at 8.
func tilePath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}
